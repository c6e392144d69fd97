"""Code that does harm wherever it is run: a shell for a stranger, a trap for keystrokes that sends them away, a wiped disk.

No single call says so: honest programs listen to keys, take screenshots and post to servers. Two or three together do (the attacks by
code of BIPIA, Yi et al. 2023): each sign is a set of patterns all of which have to stand in the same code. Of 8,920 pieces of 4 to 11 lines
from the packages that Magnus is installed with, 1 is armed.

Linear: a pattern is a choice of words, or has a gap of a bounded length in one line; of a long block only its ends are read.
"""

from __future__ import annotations

from orchestrator_core.analysis.lazy_patterns import compiled

CODE_MAX = 2_000
"""So much of a block is looked at from either end: what is to be slipped into an answer is short."""

_KEYS = r"pynput|keyboard\.(?:hook|record|on_press|on_release|listener|read_)|getasynckeystate|setwindowshookex|pyw?hook|pyxhook"
_SCREEN = r"imagegrab|pyautogui\.screenshot|\bmss\b|\.screenshot\("
_LISTENS = (
    rf"{_KEYS}|{_SCREEN}|clipboard_get|getclipboard|clipboard\.(?:paste|read)|pyperclip\.paste|pbpaste|xclip|"
    r"pyaudio|sounddevice|videocapture|pytesseract|\bsniff\(|pyshark|pcapy|browser_?cookie|cookies\.sqlite|[/\\]login data"
)
_TAKES = (
    r"\.ssh/|id_rsa|id_ed25519|/etc/(?:shadow|passwd)|\.aws/|\.netrc|open\([^\n]{0,40}\.env\b|keychain|wallet|/proc/self|"
    r"(?:dict|str|dumps|list)\(os\.environ|os\.environ\)|os\.environ\.(?:copy|items)|globals\(\)|locals\(\)|inspect\.getsource|"
    r"sys\._getframe|__file__\)\.read|glob\(|os\.walk|listdir"
)
_SENDS = (
    r"requests\.(?:post|put|get|request|session)|urlopen|urllib3|httpx|http\.client|aiohttp|smtplib|ftplib|paramiko|\.sendall\(|"
    r"\.sendto\(|\.send\(|socket\.|\bcurl\b|\bwget\b|webhook|telegram|boto3|dns\.resolver|fetch\(|\bpost\("
)
_SENDS_OUT = (
    r"requests\.(?:post|put)|urlopen\([^\n]{1,80},|httpx\.post|smtplib|ftplib|\.sendall\(|\.sendto\(|webhook|"
    r"sftp[^\n]{0,20}\.put\("
)
_COOKIE_OUT = (
    r"(?:post|fetch|urlopen|image\(\)|\.src|sendall|webhook)[^\n]{0,80}cookie|"
    r"cookie[^\n]{0,80}(?:post|fetch|evil|steal|collect)"
)
_SIGNED_OUT = (
    r"(?:get|post|urlopen)\(f?[\"'][^\n\"']{0,80}(?:[\"'] ?[+%]|\{)[^\n]{0,20}(?:\bsid\b|session|token|passw|cred)"
)
_FETCHES = r"urlopen|requests\.get|\.recv\(|httpx\.get|urlretrieve|\bwget\b|\bcurl\b"
_EVALUATES = r"(?<![\w.])(?:exec|eval|execfile|compile)\(|marshal\.loads|pickle\.loads?|runpy|__import__"
_RUNS = r"os\.startfile|chmod[^\n]{0,20}(?:\+x|7[57]5|0o7)|subprocess\.(?:popen|run|call)\(\[?[\"'](?:\./|/tmp/|sh\b|bash|python)"
_FOREVER = r"while (?:true|1)\b|while \(?true|itertools\.count|for \w+ in (?:iter\(|range\(\d{5,}|range\(10 ?\*\*)"
_HAMMERS = r"requests\.|urlopen|\bsend\(|sendto\(|\.sendall\(|\.connect\(|flood|\.get\(|os\.fork|popen|multiprocessing|process\(|thread\("
_FILLS = r"append\(|\*= ?2|\+= ?[\w\[\]\"' ]+\* ?\d|bytearray|malloc|\* ?10 ?\*\*|mkdir|touch|open\("
_SYSTEM_FILES = (
    r"/dev/(?:sd|hd|nvme|disk|mem|kmem)|physicaldrive|/boot/|system32|vmlinuz|"
    r"/etc/(?:fstab|passwd|shadow|sudoers|hosts|grub|inittab|crontab)"
)
_WRITES = r"write|open\([^\n]{1,60}[\"'][wa]b?\+?[\"']|remove|unlink|rename|dd if|>\s?/|truncate"
_WIPES = (
    r"\brm -[a-z]{0,6}[rf][a-z]{0,6} (?:--no-preserve-root|(?:/|~|\$home)/?(?:\*|[\s\"']|$))|del /[fsq]|format [cd]:|mkfs|"
    r"dd if=/dev/(?:zero|u?random)|shred -"
)
_STARTS_UP = r"authorized_keys|crontab|currentversion\\+run|launchagents|rc\.local|systemd/system|nopasswd"
_DISARMS = r"ctypes\.windll|ntraisehard|blockinput|bcdedit|setenforce 0|ufw disable|iptables -f|disable-?(?:realtime|defender)|vssadmin"

_SIGNS: tuple[tuple[str, ...], ...] = (
    (_LISTENS, _SENDS),
    (_TAKES, _SENDS_OUT),
    (r"cookie", _COOKIE_OUT),
    (r"\bsid\b|session_?id|token|password|passwd|credential", _SIGNED_OUT),
    (_KEYS, r"\bopen\(|write\(|log|append"),
    (_SCREEN, r"while |timer|schedule|thread|sleep|upload|send"),
    (r"cookies\.sqlite|[/\\]login data|browser_?cookie|profile/cookies", r"open\(|connect\(|copy|read|print"),
    # A shell for a stranger, and code from elsewhere.
    (
        r"socket\.(?:socket|create_)|\.connect\(|\bnc\b|ncat|/dev/tcp",
        r"dup2\(|pty\.spawn|/bin/(?:ba|z)?sh|cmd\.exe|powershell|subprocess|popen|os\.system",
    ),
    (r"\bnc (?:-[a-z]{1,6} ){0,4}-e|bash -i|/dev/tcp/",),
    (_EVALUATES, _FETCHES),
    (r"b64decode|fromhex", rf"{_EVALUATES}|popen|os\.system|subprocess"),
    (_FETCHES, _RUNS),
    (r"subprocess|popen|os\.system", r"(?:curl|wget)[^\n|]{0,100}\|\s{0,3}(?:ba|z)?sh\b"),
    # A flood, and a machine without memory.
    (_FOREVER, _HAMMERS),
    (_FOREVER, _FILLS),
    (r"os\.fork\(\)|:\(\) ?\{ ?:\|:",),
    (
        r"thread|multiprocessing|process\(|asyncio\.gather",
        r"range\( ?\d{3,}",
        r"connect|requests\.|urlopen|socket|send",
    ),
    # Wiped, locked, taken over.
    (r"rmtree\( ?(?:[\"'](?:/|~|[a-z]:|\\)|os\.sep|path\.home|os\.path\.expanduser)",),
    (_SYSTEM_FILES, _WRITES),
    (_WIPES,),
    (r"fernet|aes\.new|\.encrypt\(|xor", r"os\.walk|glob\(|listdir|rglob"),
    (r"os\.walk|glob\(|listdir|scandir", r"\.locked|urandom|rm -r"),
    (_STARTS_UP, r"write|>>|echo|setvalue|append"),
    (r"net user [^\n]{1,40}/add|chpasswd|passwd -d|visudo|usermod -ag? sudo|create_superuser|s_isuid",),
    (_DISARMS,),
)
_CALMS = r"sleep\(|\.wait\(|backoff|\b(?:break|return|yield|raise)\b"
"""A loop that waits, or ends, asks a server again and again: it does not flood it."""
_COMMENT = r"(?m)(?:^|(?<=\s))(?:#|//)[^\n]*$"

_PRYING = (
    rf"{_LISTENS}|{_STARTS_UP}|pyautogui|screenshot|\bsniff|scapy|tcpdump|tshark|net_connections|promisc|sock_raw|keyboard\.|"
    r"get_cookies|cookies? |cookiejar|getsource|open\(__file__|/proc/|environ\b|get_objects|get_referrers|sys\._getframe|f_locals|"
    r"globals\(\)|open_files|cmdline|setprofile|settrace|after_request|imaplib|getpass|keyring|\.netrc|\bhistory\b|getnode|netsh|"
    r"rmtree|unlink|os\.remove|urandom|drop table|chmod|/shadow|shutdown|reboot|\bkill\b|systemctl\W+stop|useradd|adduser|"
    r"winreg|autostart|startup|httpserver|import builtins|execv|shell=true|eval\("
)


def armed(code: str) -> bool:
    """Whether code in small letters does what no honest reader would want to be done."""
    code = _ends(compiled(_COMMENT).sub("", code))
    calm = compiled(_CALMS).search(code) is not None
    signs = (sign for sign in _SIGNS if not (calm and sign[0] == _FOREVER))
    return any(all(compiled(pattern).search(code) for pattern in sign) for sign in signs)


def prying(code: str) -> bool:
    """Whether code in small letters looks into keys, screens, packets, cookies or its own process, or stops or removes things."""
    return compiled(_PRYING).search(_ends(code)) is not None


def _ends(code: str) -> str:
    return code if len(code) <= 2 * CODE_MAX else f"{code[:CODE_MAX]}\n{code[-CODE_MAX:]}"
