"""Distributions whose import name cannot be guessed from their own, for those that are not installed where the analysis runs.

Installed distributions tell their modules themselves; this table is asked only for the rest. It holds what PyPI's most used
projects publish under another name, as their own metadata lists it.
"""

from __future__ import annotations

import re

MODULE_TO_DISTRIBUTIONS: dict[str, tuple[str, ...]] = {
    "_pytest": ("pytest",),
    "absl": ("absl-py",),
    "allauth": ("django-allauth",),
    "antlr4": ("antlr4-python3-runtime",),
    "attr": ("attrs",),
    "attrs": ("attrs",),
    "barcode": ("python-barcode",),
    "Bio": ("biopython",),
    "bs4": ("beautifulsoup4", "bs4"),
    "bson": ("pymongo",),
    "cairo": ("pycairo",),
    "cairosvg": ("cairosvg",),
    "community": ("python-louvain",),
    "consul": ("python-consul",),
    "corsheaders": ("django-cors-headers",),
    "crispy_forms": ("django-crispy-forms",),
    "Crypto": ("pycryptodome", "pycrypto"),
    "Cryptodome": ("pycryptodomex",),
    "cv2": ("opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"),
    "dateutil": ("python-dateutil",),
    "debug_toolbar": ("django-debug-toolbar",),
    "decouple": ("python-decouple",),
    "discord": ("discord-py", "py-cord"),
    "django_filters": ("django-filter",),
    "docx": ("python-docx",),
    "dotenv": ("python-dotenv",),
    "engineio": ("python-engineio",),
    "environ": ("django-environ", "environ-config"),
    "faiss": ("faiss-cpu", "faiss-gpu"),
    "fitz": ("pymupdf",),
    "frontmatter": ("python-frontmatter",),
    "gi": ("pygobject",),
    "git": ("gitpython",),
    "github": ("pygithub",),
    "gitlab": ("python-gitlab",),
    "gnupg": ("python-gnupg",),
    "google.auth": ("google-auth",),
    "google.oauth2": ("google-auth",),
    "google.genai": ("google-genai",),
    "google.protobuf": ("protobuf",),
    "googleapiclient": ("google-api-python-client",),
    "grpc": ("grpcio",),
    "grpc_health": ("grpcio-health-checking",),
    "grpc_reflection": ("grpcio-reflection",),
    "grpc_status": ("grpcio-status",),
    "grpc_tools": ("grpcio-tools",),
    "haystack": ("haystack-ai", "farm-haystack"),
    "igraph": ("igraph", "python-igraph"),
    "IPython": ("ipython",),
    "jose": ("python-jose",),
    "jwt": ("pyjwt",),
    "kafka": ("kafka-python", "kafka-python-ng"),
    "kivy": ("kivy",),
    "ldap": ("python-ldap",),
    "ldap3": ("ldap3",),
    "Levenshtein": ("levenshtein", "python-levenshtein"),
    "llama_cpp": ("llama-cpp-python",),
    "llama_index": ("llama-index", "llama-index-core"),
    "magic": ("python-magic", "python-magic-bin"),
    "memcache": ("python-memcached",),
    "mpl_toolkits": ("matplotlib",),
    "multipart": ("python-multipart", "multipart"),
    "MySQLdb": ("mysqlclient",),
    "mysql": ("mysql-connector-python",),
    "nacl": ("pynacl",),
    "nmap": ("python-nmap",),
    "OpenGL": ("pyopengl",),
    "OpenSSL": ("pyopenssl",),
    "opentelemetry": ("opentelemetry-api", "opentelemetry-sdk"),
    "opentelemetry.sdk": ("opentelemetry-sdk",),
    "osgeo": ("gdal",),
    "PIL": ("pillow", "pillow-simd"),
    "pkg_resources": ("setuptools",),
    "pptx": ("python-pptx",),
    "psycopg": ("psycopg", "psycopg-binary"),
    "psycopg2": ("psycopg2", "psycopg2-binary"),
    "pyaudio": ("pyaudio",),
    "pylab": ("matplotlib",),
    "pythoncom": ("pywin32",),
    "pywintypes": ("pywin32",),
    "servicemanager": ("pywin32",),
    "rest_framework": ("djangorestframework",),
    "rest_framework_simplejwt": ("djangorestframework-simplejwt",),
    "ruamel.yaml": ("ruamel-yaml",),
    "samplerate": ("samplerate",),
    "serial": ("pyserial",),
    "shapefile": ("pyshp",),
    "skimage": ("scikit-image",),
    "sklearn": ("scikit-learn",),
    "slugify": ("python-slugify",),
    "snappy": ("python-snappy",),
    "socketio": ("python-socketio",),
    "socks": ("pysocks",),
    "speech_recognition": ("speechrecognition",),
    "sphinx_rtd_theme": ("sphinx-rtd-theme",),
    "stdnum": ("python-stdnum",),
    "storages": ("django-storages",),
    "telegram": ("python-telegram-bot",),
    "tlz": ("toolz",),
    "umap": ("umap-learn",),
    "usb": ("pyusb",),
    "vertexai": ("google-cloud-aiplatform",),
    "webview": ("pywebview",),
    "win32api": ("pywin32",),
    "win32com": ("pywin32",),
    "win32con": ("pywin32",),
    "win32event": ("pywin32",),
    "win32evtlogutil": ("pywin32",),
    "win32file": ("pywin32",),
    "win32gui": ("pywin32",),
    "win32pipe": ("pywin32",),
    "win32process": ("pywin32",),
    "win32security": ("pywin32",),
    "win32service": ("pywin32",),
    "win32serviceutil": ("pywin32",),
    "wx": ("wxpython",),
    "Xlib": ("python-xlib",),
    "yaml": ("pyyaml",),
    "zmq": ("pyzmq",),
}

SHARED_NAMESPACES = frozenset(
    {
        "azure",
        "backports",
        "collective",
        "google",
        "jaraco",
        "opentelemetry",
        "oslo",
        "plone",
        "repoze",
        "sphinxcontrib",
        "zope",
    }
)
"""Top-level names under which unrelated distributions publish: the name alone says nothing of who provides it."""

USED_WITHOUT_IMPORT: dict[str, str] = {
    "aiosqlite": "a database driver, chosen by an address",
    "asyncpg": "a database driver, chosen by an address",
    "cx-oracle": "a database driver, chosen by an address",
    "daphne": "a server that runs the project",
    "email-validator": "pydantic's e-mail type loads it",
    "gevent": "a worker class, chosen by name",
    "gunicorn": "a server that runs the project",
    "hypercorn": "a server that runs the project",
    "mysqlclient": "a database driver, chosen by an address",
    "oracledb": "a database driver, chosen by an address",
    "pip": "a tool",
    "psycopg": "a database driver, chosen by an address",
    "psycopg-binary": "a database driver, chosen by an address",
    "psycopg2": "a database driver, chosen by an address",
    "psycopg2-binary": "a database driver, chosen by an address",
    "pymysql": "a database driver, chosen by an address",
    "pyodbc": "a database driver, chosen by an address",
    "python-multipart": "web frameworks load it to read forms",
    "setuptools": "a tool",
    "tzdata": "the standard library's zoneinfo reads its data",
    "uvicorn": "a server that runs the project",
    "uvloop": "an event loop, chosen by name",
    "waitress": "a server that runs the project",
    "wheel": "a tool",
}
"""Distributions that are there to be used without an import statement."""

_STDLIB_OF_OTHER_VERSIONS = frozenset(
    {
        # gone since 3.12 (PEP 632, 594) and 3.13
        "asynchat", "asyncore", "distutils", "imp", "smtpd", "aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3",
        "mailcap", "msilib", "nis", "nntplib", "ossaudiodev", "pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib",
        # new in 3.14, what only type checkers know, and what only the browser build has
        "annotationlib", "compression", "_typeshed", "js", "pyodide", "pyodide_js",
        # Python 2, kept behind conditions by old code
        "BaseHTTPServer", "ConfigParser", "Cookie", "HTMLParser", "Queue", "SocketServer", "StringIO", "Tkinter", "UserDict", "__builtin__",
        "cPickle", "cStringIO", "cookielib", "copy_reg", "htmlentitydefs", "httplib", "urllib2", "urlparse", "xmlrpclib",
    }
)  # fmt: skip


def stdlib_modules(known: frozenset[str]) -> frozenset[str]:
    """The standard library's top-level names (``sys.stdlib_module_names``) over all supported versions, not only the running one."""
    return known | _STDLIB_OF_OTHER_VERSIONS | {"__future__", "__main__"}


def normalise(name: str) -> str:
    """A distribution's name as PEP 503 compares it: ``Ruamel.YAML`` is ``ruamel-yaml``."""
    return re.sub(r"[-_.]+", "-", name).lower()


def may_provide(distribution: str, module: str) -> bool:
    """Whether a distribution of unknown contents plausibly holds a module, by name: ``py-foo``, ``python-foo``, ``foo-py``, ``foo``."""
    dist = normalise(distribution)
    dotted = normalise(module)
    parts = dotted.split("-")
    if any(dist == "-".join(parts[:count]) for count in range(1, len(parts) + 1)):
        return True
    if parts[0] in SHARED_NAMESPACES:
        return False
    flat, top = dist.replace("-", ""), normalise(module.partition(".")[0]).replace("-", "")
    for affix in ("python", "py"):
        if flat in (affix + top, top + affix):
            return True
    return len(top) >= 4 and (top in flat or (len(flat) >= 4 and flat in top))
