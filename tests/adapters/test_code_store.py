"""Deployment packages: which are kept, what of them is unpacked where, and that nothing is left behind."""

import io
import os
import stat
import zipfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from app.adapters.code_store import CodeStore, clean_up_after_dead_services, digest_of
from app.core.awslambda.deployment import Code
from app.core.errors import InvalidParameterValue
from app.core.limits import Limits

NO_ZIP = r"Could not unzip uploaded file\. Please check your file, then try to upload again\."
LINK = stat.S_IFLNK | 0o777


@pytest.fixture
async def store() -> AsyncIterator[CodeStore]:
    store = CodeStore(Limits(unzipped_bytes=1_000))
    yield store
    await store.close()


def zipped(files: Mapping[str, str | bytes], *, modes: Mapping[str, int] | None = None) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (modes or {}).get(name, 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)
    return content.getvalue()


async def unpacked(store: CodeStore, package: bytes) -> Path:
    return await store.folder(await store.keep(package))


async def test_a_package_is_kept_under_its_digest_as_it_came(store: CodeStore) -> None:
    package = zipped({"app.py": "pass"})

    code = await store.keep(package)

    assert (code.size, len(digest_of(code))) == (len(package), 64)
    assert await store.read(digest_of(code)) == package
    assert await store.read("0" * 64) is None
    assert await store.read("../../etc/passwd") is None


async def test_it_is_unpacked_once_with_its_run_bits(store: CodeStore) -> None:
    package = zipped({"bootstrap": "#!/bin/sh", "lib/app.py": "pass"}, modes={"bootstrap": 0o755})

    folder = await unpacked(store, package)

    assert (folder / "lib/app.py").read_text() == "pass"
    assert stat.S_IMODE((folder / "bootstrap").stat().st_mode) == 0o755
    assert stat.S_IMODE((folder / "lib/app.py").stat().st_mode) == 0o644
    assert await unpacked(store, package) == folder


async def test_folders_and_links_within_are_made(store: CodeStore) -> None:
    package = zipped({"bin/": "", "bin/tool": "tool", "now": "bin/tool", "lib/up": "../bin/tool"},
                     modes={"now": LINK, "lib/up": LINK})  # fmt: skip

    folder = await unpacked(store, package)

    assert (folder / "now").read_text() == (folder / "lib/up").read_text() == "tool"


@pytest.mark.parametrize(
    "package",
    [
        b"no zip at all",
        b"",
        zipped({"../out.py": "x"}),
        zipped({"/etc/passwd": "x"}),
        zipped({"a/../../out.py": "x"}),
        zipped({"out": "/etc/passwd"}, modes={"out": LINK}),
        zipped({"a/out": "../../secret"}, modes={"a/out": LINK}),
        zipped({"app.py": "pass"})[:-30],
    ],
)
async def test_what_is_no_zip_or_leads_out_of_it_is_refused(store: CodeStore, package: bytes) -> None:
    with pytest.raises(InvalidParameterValue, match=NO_ZIP):
        await store.keep(package)


async def test_an_empty_zip_and_one_too_large_are_refused(store: CodeStore) -> None:
    with pytest.raises(InvalidParameterValue, match="Uploaded file must be a non-empty zip"):
        await store.keep(zipped({}))
    with pytest.raises(InvalidParameterValue, match="Unzipped size must be smaller than 1000 bytes"):
        await store.keep(zipped({"zeros": "0" * 2_000}))


async def test_nothing_is_written_through_a_link(store: CodeStore) -> None:
    package = zipped({"real/": "", "link": "real", "link/file": "x"}, modes={"link": LINK})
    code = await store.keep(package)

    with pytest.raises(ValueError, match="would be written through a link"):
        await store.folder(code)


async def test_what_is_not_there_cannot_be_unpacked(store: CodeStore) -> None:
    with pytest.raises(FileNotFoundError):
        await store.folder(Code("sha"))


async def test_all_of_it_is_removed_at_the_end(store: CodeStore) -> None:
    folder = await unpacked(store, zipped({"locked/app.py": "pass"}))
    (folder / "locked").chmod(0o500)

    await store.close()

    assert not folder.parent.exists()


async def test_what_a_killed_service_left_is_removed_and_what_a_living_one_has_is_not(
    store: CodeStore, tmp_path: Path
) -> None:
    mine = (await unpacked(store, zipped({"app.py": "pass"}))).parent
    living = tmp_path / mine.name
    dead = tmp_path / f"code-{os.getpid()}-1-x"
    for folder in (living, dead):
        folder.mkdir()

    assert clean_up_after_dead_services(tmp_path) == 1
    assert (living.exists(), dead.exists()) == (True, False)


async def test_what_nobody_has_any_more_is_removed_and_may_come_again(store: CodeStore) -> None:
    first, second = zipped({"app.py": "1"}), zipped({"app.py": "2"})
    old = await unpacked(store, first)
    new = await unpacked(store, second)
    codes = [await store.keep(first), await store.keep(second)]
    for code in codes * 2:
        store.arrived(code)

    store.tidy({digest_of(codes[1])})
    again = await unpacked(store, first)

    assert again == old
    assert (again / "app.py").read_text() == "1"
    assert new.is_dir()
    store.arrived(codes[0])
    store.tidy(())
    await store.close()
    assert not old.exists()
    assert not new.exists()


async def test_a_package_that_is_about_to_be_deployed_stays(store: CodeStore) -> None:
    code = await store.keep(zipped({"app.py": "1"}))

    store.tidy(())

    assert (await store.folder(code)).is_dir()
