"""Tar archives for and from containers. What comes out of one is hostile."""

import io
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from rolldeck.domain.errors import TemplateError
from rolldeck.environments.composition import SeedFile
from rolldeck.environments.placeholders import DIRECTORY_IN_CONTAINER


@dataclass(frozen=True)
class FileOwner:
    """Whose the files in a container are."""

    uid: int = 0
    gid: int = 0


@contextmanager
def archive_of(files: Mapping[PurePosixPath, Path], owner: FileOwner) -> Iterator[Path]:
    """Give an archive of files and directories, by the absolute path that they get; it is removed at the end.

    Raises ``TemplateError`` for a file that cannot be read.
    """
    with TemporaryDirectory(prefix="rolldeck-seeds-") as directory:
        archive = Path(directory, "seeds.tar")
        with tarfile.open(archive, "w") as tar:
            for target, source in files.items():
                try:
                    tar.add(source, str(target).lstrip("/"), filter=lambda member: _owned(member, owner))
                except OSError as error:
                    raise TemplateError(f"the seed {source} cannot be read: {error.strerror}") from error
        yield archive


@contextmanager
def own_directory(owner: FileOwner) -> Iterator[Path]:
    """Give an archive of nothing but the directory that a service has of its own."""
    with TemporaryDirectory(prefix="rolldeck-seeds-") as directory:
        archive = Path(directory, "directory.tar")
        with tarfile.open(archive, "w") as tar:
            member = tarfile.TarInfo(DIRECTORY_IN_CONTAINER.lstrip("/"))
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(_owned(member, owner))
        yield archive


def target_of(seed: SeedFile) -> PurePosixPath:
    """Return where a seed is put."""
    return PurePosixPath(DIRECTORY_IN_CONTAINER) / seed.target


def owner_in(passwd: bytes, user: str) -> FileOwner:
    """Return whose files a service's are: ``user`` as Docker takes it (name or number, with a group or without).

    ``passwd`` is the container's ``/etc/passwd``. Raises ``TemplateError`` for a name that is not in it.
    """
    name, _, group = user.partition(":")
    known = {
        fields[0]: fields for line in passwd.decode(errors="replace").splitlines() if (fields := line.split(":"))[3:]
    }
    if name.isdigit():
        uid = int(name)
        own_group = next((int(fields[3]) for fields in known.values() if fields[2] == name), 0)
    elif name in known:
        uid, own_group = int(known[name][2]), int(known[name][3])
    else:
        raise TemplateError(f"there is no user {name!r} in the image: name one that there is, or a number")
    return FileOwner(uid, int(group) if group.isdigit() else own_group)


def only_file(archive: bytes) -> bytes | None:
    """Return the content of the one plain file in an archive, None where it holds anything else."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        member = tar.next()
        if member is None or not member.isreg() or tar.next() is not None:
            return None
        content = tar.extractfile(member)
        return None if content is None else content.read()


def is_empty(archive: Path) -> bool:
    """Return whether an archive of a directory holds nothing beside that."""
    with tarfile.open(archive) as tar:
        return tar.next() is None or tar.next() is None


def plain_files(archive: bytes) -> Iterator[tuple[str, bytes]]:
    """Give the path, below the one directory that an archive is of, and the content of every plain file in it."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isreg() else None
            if content is not None:
                yield str(PurePosixPath(*PurePosixPath(member.name).parts[1:])), content.read()


def _owned(member: tarfile.TarInfo, owner: FileOwner) -> tarfile.TarInfo:
    member.uid, member.gid, member.uname, member.gname = owner.uid, owner.gid, "", ""
    member.mode |= 0o444 | (0o111 if member.isdir() or member.mode & 0o100 else 0)
    return member
