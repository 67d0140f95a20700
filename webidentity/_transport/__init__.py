"""Where flows meet the network: azure-core pipelines and the two drivers."""
