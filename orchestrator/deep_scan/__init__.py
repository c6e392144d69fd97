"""Stored text is looked at again by the deep engine, in idle moments or by ``orchestrate maintain``."""
