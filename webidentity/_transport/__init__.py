"""Input and output of flows: azure-core pipelines and the two drivers."""
