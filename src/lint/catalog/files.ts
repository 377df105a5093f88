/** Reading and writing files, asking the file system about paths, and reading what a person types. */
import { blocking, each, type Part } from "./define";

const STAT = { severity: "hint" } as const;
const CHANGE = { severity: "warning" } as const;
const WALK = { severity: "warning", lazy: true } as const;
const STREAM = "read read1 readall readinto readline readlines write writelines flush truncate __iter__";
const PANDAS_READ = `read_csv read_table read_excel read_json read_parquet read_feather read_pickle read_hdf read_sql
  read_sql_query read_sql_table read_xml read_html read_orc read_stata read_sas`;
const PATH_MOVES = "absolute resolve expanduser readlink rename replace copy copy_into move move_into";

export const files: Part = {
  blocking: [
    ...blocking("blocking-file", "", "builtins.open io.open_code codecs.open os.open"),
    // It asks about a file that is open already.
    ...blocking("blocking-file", "", "os.fdopen", STAT),
    ...blocking("blocking-file", "io.IOBase.", STREAM),
    ...blocking(
      "blocking-file",
      "os.",
      "read readv pread preadv write writev pwrite pwritev sendfile copy_file_range fsync fdatasync sync",
    ),
    ...blocking(
      "blocking-file",
      "shutil.",
      "copyfileobj copyfile copy copy2 copytree rmtree move make_archive unpack_archive",
    ),
    ...blocking(
      "blocking-file",
      "tempfile.",
      "TemporaryFile NamedTemporaryFile TemporaryDirectory mkstemp mkdtemp",
    ),
    ...blocking("blocking-file", "tempfile.TemporaryDirectory.", "cleanup"),
    ...blocking("blocking-file", "", "gzip.open bz2.open bz2.BZ2File lzma.open lzma.LZMAFile"),
    // Around a file that is open already, or bytes in memory: whoever opened that is to blame.
    ...blocking("blocking-file", "", "gzip.GzipFile", {
      unless: [{ keyword: "fileobj", position: 3, values: null }],
    }),
    ...blocking("blocking-file", "zipfile.", "ZipFile"),
    ...blocking("blocking-file", "zipfile.ZipFile.", "read extract extractall write writestr testzip open"),
    ...blocking("blocking-file", "tarfile.", "open TarFile", {
      unless: [{ keyword: "fileobj", position: 2, values: null }],
    }),
    ...blocking(
      "blocking-file",
      "tarfile.TarFile.",
      "extract extractall add addfile getmembers getnames __iter__",
    ),
    ...blocking("blocking-file", "", "shelve.open dbm.open dbm.sqlite3.open filecmp.cmp filecmp.cmpfiles"),
    ...blocking("blocking-file", "", "fileinput.input hashlib.file_digest"),
    ...blocking("blocking-file", "configparser.RawConfigParser.", "read"),
    ...blocking("blocking-file", "pandas.", PANDAS_READ),
    ...blocking(
      "blocking-file",
      "pandas.DataFrame.",
      "to_csv to_excel to_parquet to_feather to_pickle to_hdf",
    ),
    ...blocking(
      "blocking-file",
      "numpy.",
      "load loadtxt genfromtxt fromfile save savez savez_compressed savetxt",
    ),
    ...blocking("blocking-file", "PIL.Image.", "open Image.save"),
    ...blocking("blocking-file", "", "openpyxl.load_workbook openpyxl.Workbook.save"),
    ...blocking("blocking-file", "", "torch.load torch.save joblib.load joblib.dump"),
    ...blocking("blocking-file", "", "whisper.load_model librosa.load", { note: "reads the whole file" }),
    ...blocking(
      "blocking-file",
      "tinydb.",
      `TinyDB.all TinyDB.insert TinyDB.insert_multiple TinyDB.search TinyDB.get TinyDB.update TinyDB.upsert TinyDB.remove
       TinyDB.contains TinyDB.count TinyDB.truncate`,
    ),
    ...blocking("blocking-file", "", "xml.etree.ElementTree.parse xml.dom.minidom.parse lxml.etree.parse"),
    ...blocking("blocking-file", "dotenv.", "load_dotenv dotenv_values set_key", { severity: "hint" }),
    ...blocking("blocking-file", "cv2.VideoCapture.", "read grab", { note: "waits for the next frame" }),
    ...blocking("blocking-file", "", "cv2.imread cv2.imwrite soundfile.read soundfile.write h5py.File"),
  ],
  returns: {
    "openpyxl.load_workbook": "openpyxl.Workbook",
    ...each("", "builtins.open codecs.open os.fdopen pathlib.Path.open", "io.TextIOWrapper"),
    ...each("", "gzip.open bz2.open lzma.open", "io.TextIOWrapper"),
    ...each("tempfile.", "TemporaryFile NamedTemporaryFile", "tempfile._TemporaryFileWrapper"),
    "tempfile.TemporaryDirectory.__enter__": "str",
    "tempfile.mkdtemp": "str",
    "tarfile.open": "tarfile.TarFile",
    "zipfile.ZipFile.open": "io.BufferedReader",
    ...each("pandas.", PANDAS_READ, "pandas.DataFrame"),
    "PIL.Image.open": "PIL.Image.Image",
  },
  bases: {
    ...each("io.", "RawIOBase BufferedIOBase TextIOBase", ["io.IOBase"]),
    "io.FileIO": ["io.RawIOBase"],
    ...each("io.", "BufferedReader BufferedWriter BufferedRandom", ["io.BufferedIOBase"]),
    "io.TextIOWrapper": ["io.TextIOBase"],
    ...each("", "gzip.GzipFile bz2.BZ2File lzma.LZMAFile tempfile._TemporaryFileWrapper", ["io.IOBase"]),
    "configparser.ConfigParser": ["configparser.RawConfigParser"],
  },
  aliases: {
    "io.open": "builtins.open",
    "openpyxl.workbook.Workbook": "openpyxl.Workbook",
    "openpyxl.workbook.workbook.Workbook": "openpyxl.Workbook",
    "pandas.io.parsers": "pandas",
    "pandas.core.frame": "pandas",
  },
};

export const paths: Part = {
  blocking: [
    ...blocking("blocking-path", "os.", "stat lstat access listdir scandir readlink statvfs", STAT),
    ...blocking(
      "blocking-path",
      "os.",
      `mkdir makedirs rmdir removedirs remove unlink rename renames replace link symlink chmod chown lchown utime
       mkfifo truncate`,
      CHANGE,
    ),
    ...blocking("blocking-path", "os.", "walk fwalk", WALK),
    ...blocking(
      "blocking-path",
      "os.path.",
      `exists lexists isfile isdir islink ismount isjunction isdevdrive getsize getmtime getatime getctime samefile
       sameopenfile realpath`,
      STAT,
    ),
    ...blocking("blocking-path", "glob.", "glob", CHANGE),
    ...blocking("blocking-path", "glob.", "iglob", WALK),
    ...blocking("blocking-path", "shutil.", "which disk_usage chown copymode copystat", STAT),
    ...blocking("blocking-path", "pathlib.Path.", "read_text read_bytes write_text write_bytes open", CHANGE),
    ...blocking(
      "blocking-path",
      "pathlib.Path.",
      `stat lstat exists is_file is_dir is_symlink is_mount is_socket is_fifo is_block_device is_char_device
       is_junction owner group samefile resolve readlink`,
      STAT,
    ),
    ...blocking(
      "blocking-path",
      "pathlib.Path.",
      `mkdir rmdir unlink rename replace symlink_to hardlink_to link_to touch chmod lchmod copy copy_into move
       move_into`,
      CHANGE,
    ),
    ...blocking("blocking-path", "pathlib.Path.", "iterdir glob rglob walk", WALK),
  ],
  returns: {
    ...each(
      "pathlib.PurePath.",
      `__truediv__ __rtruediv__ parent joinpath with_name with_stem with_suffix with_segments relative_to`,
      "Self",
    ),
    ...each("pathlib.PurePath.", "name stem suffix anchor drive root as_posix as_uri", "str"),
    "pathlib.PurePath.parents": "Sequence[Self]",
    ...each("pathlib.Path.", `cwd home ${PATH_MOVES}`, "Self"),
    ...each("pathlib.Path.", "iterdir glob rglob", "Iterator[Self]"),
    ...each("pathlib.Path.", "read_text owner group", "str"),
    "pathlib.Path.read_bytes": "bytes",
    ...each("", "glob.glob os.listdir", "list[str]"),
    "glob.iglob": "Iterator[str]",
    "os.scandir": "Iterator[os.DirEntry]",
    "os.getcwd": "str",
    ...each("os.path.", "join dirname basename abspath realpath expanduser normpath relpath", "str"),
  },
  bases: {
    "pathlib.Path": ["pathlib.PurePath"],
    "pathlib.PosixPath": ["pathlib.Path"],
    "pathlib.WindowsPath": ["pathlib.Path"],
    "pathlib.PurePosixPath": ["pathlib.PurePath"],
    "pathlib.PureWindowsPath": ["pathlib.PurePath"],
  },
  aliases: {
    posixpath: "os.path",
    ntpath: "os.path",
    "pathlib._local": "pathlib",
  },
};

export const input: Part = {
  blocking: [
    ...blocking("blocking-input", "", "builtins.input getpass.getpass"),
    ...blocking("blocking-input", "sys._Stdin.", "read read1 readline readlines readinto __iter__"),
    ...blocking("blocking-input", "", "click.prompt click.confirm click.pause click.getchar"),
    ...blocking("blocking-input", "", "typer.prompt typer.confirm prompt_toolkit.prompt"),
    ...blocking("blocking-input", "rich.prompt.", "PromptBase.ask"),
  ],
  returns: {
    "sys.stdin": "sys._Stdin",
    "sys._Stdin.buffer": "sys._Stdin",
    "builtins.input": "str",
    "getpass.getpass": "str",
  },
  bases: each("rich.prompt.", "Prompt IntPrompt FloatPrompt Confirm", ["rich.prompt.PromptBase"]),
};
