"""The build of the layer; nothing of this folder is in the layer."""
