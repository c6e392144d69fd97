"""Libraries that open or make a file by its name (CWE-22): tables, pictures, documents, archives, stores."""

from __future__ import annotations

from orchestrator_core.analysis.insecure.libraries.rows import BY_NAME_ONLY, Sink, Weakness
from orchestrator_core.analysis.insecure.values import PATH

_JOINED = Weakness(
    "chosen-file", 22, "A file is opened by a name",
    "Resolve base / name and check is_relative_to(base), or use safe_join; take only the base name of an upload.",
)  # fmt: skip
_LINKED = Weakness("chosen-link", 59, "A link leads to a file", "Resolve the target and check that it stays inside.")
_STORED = Weakness(
    "upload-name", 434, "An upload is stored under a name",
    "Name the file yourself, or through secure_filename, and accept known extensions only.",
)  # fmt: skip

_READERS = "csv json excel parquet xml feather orc table fwf sas spss stata pickle hdf"
_WRITERS = "to_csv to_json to_excel to_parquet to_pickle to_hdf to_feather to_html savefig imsave"

SINKS = (
    # `path_joins.judge` looks at these: a whole name is the caller's choice, a later part of one must stay inside its folder.
    Sink(_JOINED, PATH, named="path filename file fname filepath_or_buffer database name fp source", calls=" ".join((
        *(f"pandas.read_{kind}" for kind in _READERS.split()), *(f"polars.read_{kind}" for kind in ("csv", "json", "parquet", "excel")),
        """
        glob.glob glob.iglob glob.glob1 sqlite3.connect aiosqlite.connect numpy.loadtxt numpy.genfromtxt numpy.fromfile numpy.save
        numpy.savez
        numpy.savetxt numpy.memmap os.chdir os.chmod os.chown os.utime os.truncate os.mkfifo os.path.getsize os.readlink os.startfile
        os.removedirs os.lstat os.chroot os.fwalk os.statvfs
        shutil.make_archive shutil.chown shutil.disk_usage cv2.imread cv2.imwrite wave.open soundfile.read h5py.File xarray.open_dataset
        openpyxl.load_workbook xlrd.open_workbook docx.Document pptx.Presentation fitz.open pymupdf.open PyPDF2.PdfReader pypdf.PdfReader
        pdfplumber.open dotenv.load_dotenv dotenv.dotenv_values logging.FileHandler logging.handlers.RotatingFileHandler dbm.open
        shelve.open
        pyarrow.parquet.read_table toml.load pkgutil.get_data importlib.resources.open_text importlib.resources.open_binary
        importlib.resources.read_text importlib.resources.read_binary pkg_resources.resource_string pkg_resources.resource_filename
        joblib.dump anyio.Path trio.open_file aiofiles.os.remove aiofiles.os.rename aiofiles.os.unlink rarfile.RarFile py7zr.SevenZipFile
        mmap.mmap lzma.LZMAFile gzip.GzipFile bz2.BZ2File zipfile.PyZipFile zipfile.Path netCDF4.Dataset rasterio.open nibabel.load
        torchaudio.load torchvision.io.read_image librosa.load mutagen.File exifread.process_file magic.from_file filetype.guess
        configparser.ConfigParser().read email.message_from_file django.core.files.File django.core.files.storage.default_storage.open
        django.core.files.storage.default_storage.delete django.core.files.storage.FileSystemStorage().open
        django.core.files.storage.FileSystemStorage().delete fsspec.open smart_open.open linecache.getline tokenize.open tempfile.mkdtemp
        """,
    ))),
    Sink(_JOINED, PATH, methods="write extract", needs="zipfile"),
    Sink(_JOINED, PATH, methods="open remove removetree rmtree delete listdir", needs="fs fsspec s3fs pyfilesystem2"),
    Sink(_JOINED, PATH, methods=f"{_WRITERS} open", at=0),
    Sink(_JOINED, PATH, at=2, named="Filename", methods="download_file upload_file fget_object"),
    Sink(_JOINED, PATH, at=1, methods="get put", needs="paramiko pysftp asyncssh"),
    Sink(_JOINED, PATH, at=1, named="prefix dir suffix",
         calls="tempfile.NamedTemporaryFile tempfile.mkstemp tempfile.TemporaryDirectory tempfile.mktemp"),
    Sink(_JOINED, PATH, at=1, named="extract_dir base_dir root_dir", calls="shutil.unpack_archive shutil.make_archive"),
    Sink(_JOINED, PATH, at=BY_NAME_ONLY, named="cwd", calls="subprocess.run subprocess.Popen subprocess.check_output",
         handed_in="low"),
    Sink(_LINKED, PATH, calls="os.symlink os.link", handed_in="low"),
    Sink(_LINKED, PATH, methods="symlink_to hardlink_to", handed_in="low"),
    Sink(_STORED, PATH, calls="django.core.files.storage.default_storage.save django.core.files.storage.FileSystemStorage().save",
         whole="low"),
)  # fmt: skip
