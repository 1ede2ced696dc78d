"""Memory on large pages is what it was on small ones."""

from hashlib import blake2b

from engine.shard.large_pages import use_large_pages

BYTES = 32 * 1024 * 1024


def test_memory_is_the_same_on_large_pages() -> None:
    memory = bytearray(index % 251 for index in range(BYTES // 64)) * 64
    digest = blake2b(memory).digest()

    use_large_pages()
    use_large_pages()

    assert blake2b(memory).digest() == digest
    memory[::4096] = bytes(len(memory[::4096]))
    assert not any(memory[::4096])
