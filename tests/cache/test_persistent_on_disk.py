"""The files that programs of one desktop user share, as the file system has them."""

import os
import stat

from tests.kit.shared_cache import OPTIONS, Home, put, user
from webidentity.cache._persistent import PersistentFiles


def test_only_the_user_can_read_the_files(home: Home) -> None:
    """The files are private with any umask, and also if they existed before."""
    files, umask = PersistentFiles(OPTIONS), os.umask(0)
    try:
        put(files, user(), "token")
        put(files, user(), "token", cae=True)
        home.file().chmod(0o644)
        put(files, user(), "another", "b")
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.file().parent.iterdir()}
    finally:
        os.umask(umask)
    assert modes == {"msal.cache.nocae": 0o600, "msal.cache.cae": 0o600}
    assert stat.S_IMODE(home.file().parent.stat().st_mode) == 0o700


def test_a_symbolic_link_to_the_file_stays_a_link(home: Home) -> None:
    """Users can keep the cache in another place through a symbolic link."""
    elsewhere = home.path / "elsewhere"
    elsewhere.write_text("{}")
    home.file().parent.mkdir()
    home.file().symlink_to(elsewhere)
    put(PersistentFiles(OPTIONS), user(), "token")
    assert home.file().is_symlink()
    assert "token" in elsewhere.read_text()
