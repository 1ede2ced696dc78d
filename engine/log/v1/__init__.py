"""The log's own records as generated code: made from protos/engine/log/v1 by `make protos`."""
