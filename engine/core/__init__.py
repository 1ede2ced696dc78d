"""What stock is: pure rules without clock, I/O, randomness, protobuf or gRPC."""
