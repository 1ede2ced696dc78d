"""How the engine is asked: the gRPC services, which check, convert, submit and convert back, and
the one table of errors."""
