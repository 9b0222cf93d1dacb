"""Deployment packages: kept as they were uploaded, and unpacked when something is first run from them.

Both are in a folder of the service's own, which is removed when the service ends, or when the next one begins.
"""

import asyncio
import os
import shutil
import stat
import tempfile
import zipfile
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections import Counter
from collections.abc import Collection
from functools import partial
from hashlib import sha256
from io import BytesIO
from pathlib import Path, PurePosixPath

from app.adapters.process.leftovers import start_of
from app.adapters.process.run_folder import runs_folder
from app.core.awslambda.deployment import Code
from app.core.errors import InvalidParameterValue
from app.core.limits import DEFAULT_LIMITS, Limits

_FOLDER = "code-"
_NO_ZIP = "Could not unzip uploaded file. Please check your file, then try to upload again."


class CodeStore:
    """`engine.storage.CodeStorage` in a temporary folder, which is made when the first package comes."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._root: Path | None = None
        self._unpacking: dict[str, asyncio.Task[Path]] = {}
        self._arriving: Counter[str] = Counter()
        """Packages that were kept for somebody who has not deployed them yet."""
        self._removing: dict[str, asyncio.Task[None]] = {}

    async def keep(self, package: bytes) -> Code:
        """Keep a zip, at least until `arrived`. Raises InvalidParameterValue for what is none, or would not be a
        function's."""
        code = Code(b64encode(sha256(package).digest()).decode(), len(package))
        digest = digest_of(code)
        self._arriving[digest] += 1
        try:
            if digest in self._removing:
                await asyncio.shield(self._removing[digest])
            await asyncio.to_thread(self._check_and_write, code, package)
        except BaseException:
            self.arrived(code)
            raise
        return code

    def arrived(self, code: Code) -> None:
        """Whoever had the package kept has deployed it, or not."""
        digest = digest_of(code)
        self._arriving[digest] -= 1
        if self._arriving[digest] <= 0:
            del self._arriving[digest]

    def tidy(self, in_use: Collection[str]) -> None:
        """Remove the packages, unpacked or not, whose digests are not among these."""
        for path in self._root.glob("*.zip") if self._root is not None else ():
            digest = path.stem
            if digest in in_use or digest in self._arriving or digest in self._removing:
                continue
            unpacking = self._unpacking.pop(digest, None)
            task = asyncio.get_running_loop().create_task(_remove_package(path, unpacking))
            self._removing[digest] = task
            task.add_done_callback(partial(self._removed, digest))

    async def read(self, digest: str) -> bytes | None:
        """The package with this SHA-256 in hexadecimal digits, if it is there."""
        path = self._zip(digest)
        return await asyncio.to_thread(path.read_bytes) if path is not None and path.is_file() else None

    async def folder(self, code: Code) -> Path:
        """Where the package lies unpacked; unpacks it the first time. Raises FileNotFoundError."""
        digest = digest_of(code)
        task = self._unpacking.get(digest)
        if task is None:
            task = asyncio.get_running_loop().create_task(asyncio.to_thread(self._unpack, digest))
            self._unpacking[digest] = task
        try:
            # Who gives up waiting must not stop it for the others.
            return await asyncio.shield(task)
        except Exception:
            self._unpacking.pop(digest, None)
            raise

    async def close(self) -> None:
        """Remove everything."""
        await asyncio.gather(*self._unpacking.values(), *self._removing.values(), return_exceptions=True)
        if self._root is not None:
            await asyncio.to_thread(_remove, self._root)
            self._root = None
        self._unpacking.clear()

    def _removed(self, digest: str, _: asyncio.Task[None]) -> None:
        del self._removing[digest]

    # On a thread ----------------------------------------------------------------------------------------

    def _check_and_write(self, code: Code, package: bytes) -> None:
        try:
            with zipfile.ZipFile(BytesIO(package)) as archive:
                entries = archive.infolist()
                if not entries:
                    raise InvalidParameterValue("Uploaded file must be a non-empty zip")
                size = sum(entry.file_size for entry in entries)
                if size > self._limits.unzipped_bytes:
                    raise InvalidParameterValue(
                        f"Unzipped size must be smaller than {self._limits.unzipped_bytes} bytes"
                    )
                for entry in entries:
                    _check_entry(entry, archive)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError):
            # RuntimeError: it is encrypted; NotImplementedError: by a method that zlib has not.
            raise InvalidParameterValue(_NO_ZIP) from None
        path = self._zip(digest_of(code))
        assert path is not None, "a digest of ours is one"
        if not path.exists():
            path.write_bytes(package)

    def _unpack(self, digest: str) -> Path:
        path = self._zip(digest)
        if path is None or not path.is_file():
            raise FileNotFoundError(f"there is no package {digest}")
        folder = path.with_suffix("")
        # Beside it first: a folder with the right name is a whole one.
        partial = Path(tempfile.mkdtemp(dir=path.parent))
        with zipfile.ZipFile(path) as archive:
            left = self._limits.unzipped_bytes
            for entry in archive.infolist():
                left -= _extract(archive, entry, partial, left)
        partial.chmod(0o755)
        partial.rename(folder)
        return folder

    def _zip(self, digest: str) -> Path | None:
        if len(digest) != 64 or not all(digit in "0123456789abcdef" for digit in digest):
            return None
        if self._root is None:
            mine = os.getpid()
            self._root = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{mine}-{start_of(mine)}-", dir=runs_folder()))
        return self._root / f"{digest}.zip"


def clean_up_after_dead_services(runs: Path | None = None) -> int:
    """Remove the packages of services that were killed; says of how many."""
    found = 0
    for folder in (runs or runs_folder()).glob(f"{_FOLDER}*"):
        pid, _, rest = folder.name.removeprefix(_FOLDER).partition("-")
        if not pid.isdigit() or start_of(int(pid)) != rest.partition("-")[0]:
            _remove(folder)
            found += 1
    return found


def digest_of(code: Code) -> str:
    """Its SHA-256 in hexadecimal digits, "" where it has none."""
    try:
        return b64decode(code.sha256, validate=True).hex()
    except Base64Error:
        return ""


def _check_entry(entry: zipfile.ZipInfo, archive: zipfile.ZipFile) -> None:
    """Raises ValueError for an entry that would lie, or lead, outside of the folder that it is unpacked into."""
    name = PurePosixPath(entry.filename)
    if name.is_absolute() or ".." in name.parts or "\\" in entry.filename or "\0" in entry.filename:
        raise ValueError(entry.filename)
    if _is_link(entry):
        target = PurePosixPath(archive.read(entry).decode("utf-8", "surrogateescape"))
        depth = len(name.parent.parts)
        for part in target.parts:
            depth += -1 if part == ".." else 1
            if target.is_absolute() or depth < 0:
                raise ValueError(entry.filename)


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, most_bytes: int) -> int:
    """Unpack one entry under `folder`; gives its size. What it says of its size is not believed."""
    path = folder.joinpath(*PurePosixPath(entry.filename).parts)
    if any(parent.is_symlink() for parent in path.parents if parent.is_relative_to(folder)):
        raise ValueError(f"{entry.filename} would be written through a link")
    if entry.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink() or path.exists():
        path.unlink()
    if _is_link(entry):
        path.symlink_to(archive.read(entry).decode("utf-8", "surrogateescape"))
        return 0
    size = 0
    with archive.open(entry) as source, path.open("wb") as target:
        while chunk := source.read(1 << 16):
            size += len(chunk)
            if size > most_bytes:
                raise ValueError("the package is larger than it says")
            target.write(chunk)
    # Run bits are kept; what a zip from another system says nothing of can be read.
    path.chmod((stat.S_IMODE(entry.external_attr >> 16) & 0o755 or 0o644) | 0o400)
    return size


def _is_link(entry: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(entry.external_attr >> 16)


async def _remove_package(path: Path, unpacking: asyncio.Task[Path] | None) -> None:
    if unpacking is not None:
        await asyncio.gather(unpacking, return_exceptions=True)
    await asyncio.to_thread(path.unlink, missing_ok=True)
    await asyncio.to_thread(_remove, path.with_suffix(""))


def _remove(root: Path) -> None:
    for folder, _, _ in os.walk(root):
        # A package may have had folders that nobody can write to.
        Path(folder).chmod(0o755)
    shutil.rmtree(root, ignore_errors=True)
