from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from seqexpr.bundle.archive import FolderFiles, ZipFiles, zip_bundle
from seqexpr.errors import BundleError, InputError


@pytest.fixture
def folder(tmp_path) -> Path:
    path = tmp_path / "model"
    path.mkdir()
    (path / "manifest.json").write_text("{}")
    (path / "array.npy").write_bytes(bytes(range(256)) * 20)
    return path


def write_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_folder_and_zip_give_the_same_bytes(folder, tmp_path):
    packed = ZipFiles(zip_bundle(folder, tmp_path / "m.zip"))
    plain = FolderFiles(folder)
    assert packed.sizes == plain.sizes == {"array.npy": 5120, "manifest.json": 2}
    assert all(packed.read(name) == plain.read(name) for name in plain.sizes)
    packed.close()
    plain.close()


def test_the_zip_is_the_same_bytes_each_time_and_smaller(folder, tmp_path):
    first = zip_bundle(folder, tmp_path / "a.zip").read_bytes()
    (folder / "array.npy").touch()
    assert zip_bundle(folder, tmp_path / "b.zip").read_bytes() == first
    assert len(first) < 5120


def test_a_run_folder_is_packed_by_its_model(folder, tmp_path):
    assert (
        zip_bundle(tmp_path, tmp_path / "a.zip").read_bytes()
        == zip_bundle(folder, tmp_path / "b.zip").read_bytes()
    )


def test_what_cannot_be_packed(folder, tmp_path):
    with pytest.raises(InputError, match=r"does not end in .zip"):
        zip_bundle(folder, tmp_path / "m.tar")
    with pytest.raises(BundleError, match=r"holds no manifest.json"):
        zip_bundle(tmp_path / "nothing", tmp_path / "m.zip")


def test_litter_of_file_browsers_is_passed_over(folder, tmp_path):
    (folder / ".DS_Store").write_bytes(b"x")
    assert "array.npy" in FolderFiles(folder).sizes
    assert ".DS_Store" not in FolderFiles(folder).sizes
    path = write_zip(
        tmp_path / "m.zip",
        {"model/manifest.json": b"{}", "model/.DS_Store": b"x", "__MACOSX/model/._a": b"x"},
    )
    assert set(ZipFiles(path).sizes) == {"manifest.json"}


@pytest.mark.parametrize(
    "name",
    [
        "../evil.py", "/etc/evil", "a/../../evil", "..", "C:/evil", "C:evil", "\\\\host\\evil", "sub/evil", ".hidden",
        "evil\n", "a" * 300,
    ],
)  # fmt: skip
def test_a_name_that_leads_out_is_refused(tmp_path, name):
    path = write_zip(tmp_path / "m.zip", {"manifest.json": b"{}", name: b"x"})
    with pytest.raises(BundleError, match=r"refused: .* would be written outside the bundle"):
        ZipFiles(path)
    assert [p.name for p in tmp_path.iterdir()] == ["m.zip"]


def test_a_top_folder_that_leads_out_is_refused(tmp_path):
    with pytest.raises(BundleError, match="outside the bundle"):
        ZipFiles(write_zip(tmp_path / "m.zip", {"../manifest.json": b"{}"}))


def test_a_name_cut_at_nul_is_refused(tmp_path):
    path = write_zip(tmp_path / "m.zip", {"manifest.json": b"{}", "modelX.npy": b"x"})
    path.write_bytes(path.read_bytes().replace(b"modelX.npy", b"model\0.npy"))
    with pytest.raises(BundleError, match=r"refused|not a whole"):
        ZipFiles(path)


def test_links_are_refused(folder, tmp_path):
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        archive.writestr("manifest.json", "{}")
        link = zipfile.ZipInfo("link.npy")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(BundleError, match=r"'link.npy' in it is a link"):
        ZipFiles(tmp_path / "m.zip")
    (folder / "link.npy").symlink_to("/etc/hostname")
    with pytest.raises(BundleError, match=r"'link.npy' is a link; a bundle holds plain files only"):
        FolderFiles(folder)
    (folder / "link.npy").unlink()
    (folder / "sub").mkdir()
    with pytest.raises(BundleError, match="'sub' is a folder or device"):
        FolderFiles(folder)


def test_a_file_twice_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        archive.writestr("manifest.json", "{}")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("manifest.json", "[]")
    with pytest.raises(BundleError, match="is there twice"):
        ZipFiles(tmp_path / "m.zip")


def test_an_encrypted_file_is_refused(tmp_path):
    path = write_zip(tmp_path / "m.zip", {"manifest.json": b"{}"})
    data = bytearray(path.read_bytes())
    data[6] |= 1  # the flag in the local header, and in the directory
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(BundleError, match="is encrypted"):
        ZipFiles(path)


def test_a_zip_that_swells_is_refused_before_it_is_read(tmp_path):
    path = write_zip(
        tmp_path / "bomb.zip", {"manifest.json": b"{}", "zeros.npy": bytes(50_000_000)}
    )
    assert path.stat().st_size < 100_000
    with pytest.raises(
        BundleError, match="50,000,002 bytes, more than the 1,000,000 that are read"
    ):
        ZipFiles(path, max_bytes=1_000_000)


def test_a_zip_that_lies_about_a_size_gives_an_error(tmp_path):
    path = write_zip(tmp_path / "m.zip", {"manifest.json": b"{}", "zeros.npy": bytes(1_000_000)})
    lied = path.read_bytes().replace((1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(lied)
    files = ZipFiles(path)
    assert files.sizes["zeros.npy"] == 10
    with pytest.raises(BundleError, match=r"zeros.npy"):
        files.read("zeros.npy")
    files.close()


def test_a_damaged_zip(folder, tmp_path):
    path = zip_bundle(folder, tmp_path / "m.zip")
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    with pytest.raises(BundleError, match=r"is not a whole .zip file"):
        ZipFiles(path)
    path.write_bytes(whole[:60] + bytes([whole[60] ^ 0xFF]) + whole[61:])
    files = ZipFiles(path)
    with pytest.raises(BundleError, match=r"'array.npy' is damaged"):
        files.read("array.npy")
    files.close()


def test_a_file_that_cannot_be_read(folder):
    files = FolderFiles(folder)
    (folder / "array.npy").unlink()
    with pytest.raises(BundleError, match=r"cannot read 'array.npy'"):
        files.read("array.npy")
