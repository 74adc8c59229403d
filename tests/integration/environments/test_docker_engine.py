"""The tests' own engine: what the tests of the Docker runtime stand on."""

from docker_engine import DockerEngine


def test_the_base_images_run(docker_engine: DockerEngine) -> None:
    python = docker_engine.docker("run", "--rm", "--network=none", docker_engine.base, "python3", "-c", "print(6 * 7)")
    postgres = docker_engine.docker(
        "run", "--rm", "--network=none", "--entrypoint=postgres", docker_engine.postgres, "-V"
    )
    assert python == "42"
    assert postgres.startswith("postgres (PostgreSQL) 15")
