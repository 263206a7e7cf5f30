"""Formula against simulation."""
