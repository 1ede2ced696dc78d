"""The public contract as generated code: made from protos/holdfast/v1 by `make protos`."""
