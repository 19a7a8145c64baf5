"""Layers as files: streamed by text formats, written in batches by binary ones, always in constant memory."""
