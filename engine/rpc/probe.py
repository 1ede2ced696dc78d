"""Asks a node whether it serves, as load balancers and container health checks do."""

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc


def serving_status(
    address: str,
    service: str,
    timeout_s: float,
    credentials: grpc.ChannelCredentials | None = None,
) -> str:
    """The status of a service ("" for the whole node), such as "SERVING" or "NOT_SERVING". With
    `credentials` it is asked over TLS.

    "UNREACHABLE" if the node does not answer in time, "SERVICE_UNKNOWN" if it has no such service.
    """
    opened = (
        grpc.insecure_channel(address)
        if credentials is None
        else grpc.secure_channel(address, credentials)
    )
    with opened as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        request = health_pb2.HealthCheckRequest(service=service)
        try:
            answer = stub.Check(request, timeout=timeout_s, wait_for_ready=False)
        except grpc.RpcError as error:
            unknown = error.code() is grpc.StatusCode.NOT_FOUND
            return "SERVICE_UNKNOWN" if unknown else "UNREACHABLE"
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))
