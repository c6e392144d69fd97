"""Values that would leave the folder they are meant to stay in.

The value is one path below a base. What leaves it: a parent segment in any spelling, an absolute path into the system, a
stream wrapper or a share, a NUL byte that cuts a suffix off, and the files that attackers ask for by name. The spellings are
those of the traversal and file-inclusion lists (CWE-22 to CWE-40, CWE-158, CWE-173; OWASP Path Traversal): percent encoding
up to four layers deep, overlong UTF-8, full-width and %u characters, hexadecimal escapes, doubled dots and mixed slashes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_core.records import Severity
from orchestrator_security.contract import ScanContext
from orchestrator_security.scanner import Hit
from orchestrator_security.sinks.encoded import folded, forms

# An encoding that no honest writer makes: UTF-8 sequences longer than they need be, and halves of them.
_OVERLONG = (
    r"%(?:25)*+(?:c[01]|e0%?(?:25)*+[4-9][0-9a-f]|f[08c]%?(?:25)*+80)|%bg%qf|[\xc0\xc1][\x80-\xbf]|%u00(?:2e"
    r"|2f|5c)|%uff0e"
)

_PARENT = (
    r"\.\.[\x00-\x20;\"'<>^|]{0,4}/"  # any spelling whose slash is left, with what some servers skip between
    r"|(?:^|[/:=;,&|?\s])\.\.(?:$|[^\w.\s,)'\"-])"  # a whole segment, then the end or a sign
    r"|(?:^|/|2f|5c|2e)(?:\.{2,4}|2e2e)(?:25){0,3}(?:2f|5c|(?<=2e)/)"  # a filter took the percent signs away
    r"|\.\.(?:%|0x|&#|[\xc0\xc1])"
    r"|\.[\x00-\x1f<>\"^|]{1,3}\./"
    r"|^/*\.{4,}/*$|^/+\.{3,}/*$"  # more dots, which old systems read as further parents
    r"|(?:/\.){4}/"  # long chains of the current folder push a suffix beyond a length limit
)

_SCHEME = (
    r"(?<=[a-z0-9+.\-]{2}):/(?=.)|^[\s\"']*+(?:file|jar|netdoc|expect|phar|zip|rar|ogg|php|glob|view-source"
    r"|javascript|gopher|dict"
    r"|ldap|tftp|sftp|compress\.[a-z0-9]{2,6}):|^[\s\"']*+data:[a-z/+\-=.0-9]*+[,;]"
)

_SYSTEM = (
    r"^[\s\"'=]*+(?:%[a-z][\w()]{2,30}%(?:/|$)|[a-z]:/*+$|(?:[a-z]:)?/++(?:\./++)*+(?:private/++)?+(?:"
    r"(?:etc|proc|sys|root|boot|var|srv|usr|kunden|volumes|winnt|windows|winxp|win(?:32|95|98|2000|2003)|inetpub|system32"
    r"|system volume information"
    r"|program files(?: \(x86\))?|progra~\d|programdata|documents and settings|perflogs|\$recycle\.bin"
    r"|recycler|recovery|sysprep|appserv|server-(?:status|info)"
    r"|xampp|wamp(?:64)?|lampp|apache(?:\d[\d.]*| group| software foundation)?|cygwin(?:64)?|php\d?"
    r"|mysql[\d.]*|minint|i386"
    r"|cgi-bin|web-inf|meta-inf|sbin|pkg|ports|local|libexec|spool)(?:/|$|\x00)"
    r"|dev/+(?:null|zero|full|u?random|tcp|udp|std\w{1,4}|fd|tty\w*+|mem|kmem|port|shm|sd[a-z]|hd[a-z]|nvme"
    r"|disk|xvd|vd[a-z])"
    r"|bin/+(?:\w{0,4}sh|busybox|cat|ls|id)\b|run/+(?:secrets|systemd|docker|utmp|\w+\.(?:pid|sock))"
    r"|lib/+(?:security|systemd)"
    r"|opt/+(?:lampp|xampp|apache|nginx|tomcat|jboss|ibm|oracle|coldfusion|zimbra|splunk|httpd)"
    r"|system/+library|library/+(?:webserver|logs|keychains)|\w{0,6}[?*][\w?*]{0,8}/|~root"
    r"|users/+(?:administrator|default|all users|public)\b|\.dockerenv|www/+(?:logs"
    r"|apache|conf)"
    r"|(?:web|logs?|conf|config|netserver|core|hsphere|applications)/+(?:conf/|bin/|[\w.\-]*(?:log|ini|conf|cnf)\b)))"
)

# Files that are asked for by name wherever they stand ...
_WANTED = (
    r"(?<![\w.\-])(?:etc/+(?:\./+)*+(?:passwd|shadow|gshadow|group|hosts|hostname|issue|sudoers|crontab|motd"
    r"|mtab|fstab|resolv\.conf"
    r"|master\.passwd|security/|ssh/|apache2?/|httpd/|my\.cnf|mysql/)|proc/+(?:self|version|cmdline|cpuinfo"
    r"|mounts|net|sched_debug|\d+)\b"
    r"|win(?:nt|dows)/+(?:system32|system|repair|win\.ini|php\.ini|panther|debug|security|iis|temp"
    r"|microsoft\.net|my\.(?:ini|cnf))\b"
    r"|system32/+(?:drivers|config|cmd|inetsrv|logfiles|\w{1,30}\.(?:exe|dll))"
    r"|(?:boot|win|system|desktop)\.ini(?![\w.])|cmd\.exe|master\.passwd|\.(?:htaccess|htpasswd|htdigest"
    r"|pgpass|netrc|npmrc|pypirc|my\.cnf)\b"
    r"|\.(?:bash|zsh|sh|mysql|psql|php|python|sqlite|nano|rediscli|irb)_history|\.ssh/+(?:id_|authorized_keys"
    r"|known_hosts|config|identity)"
    r"|id_(?:rsa|dsa|ecdsa|ed25519)(?!\.pub)\b|authorized_keys\b|\.(?:git|svn|hg|bzr)/+(?:config|head|index"
    r"|logs|entries|wc\.db|hgrc|objects|refs)\b"
    r"|\.(?:aws|azure|gcloud|kube|docker|gnupg|config/gcloud)/+(?:credentials|config|config\.json|accesstokens"
    r"|secring|private)"
    r"|\.env(?:\.(?:local|prod|production|staging|development|dev|bak|old|save))?(?=$|[?#&\s\x00])|web-inf/"
    r"|meta-inf/(?:context|manifest)|wp-config\.(?:php|bak|txt)"
    r"|ntuser\.dat|(?:ntds|sam|security)\.(?:dit|sav|bak|old)\b|unattend(?:ed)?\.(?:xml|txt)|sysprep\.(?:xml"
    r"|inf)|applicationhost\.config|httpd\.conf(?![\w.])"
    r"|localconfiguration\.php|settings\.inc\.php|\.ds_store|\.viminfo)"
    r"|(?<!\.)\.{2,4}(?:etc|windows|winnt|boot|proc)\b"
    r"|::\$(?:data|index)|:\$i30|[a-z0-9_]{6}~\d(?:/|\.[a-z0-9]{1,3}(?:/|$)|$)"
)
# ... and those that are so only on an absolute path, since a project may have its own.
_SERVER_FILE = (
    r"^[\s\"']*+(?:[a-z]:)?/[^\n]{0,300}?/?(?<![\w.\-])(?:php\d?\.ini|my\.(?:cnf|ini)|(?:httpd|apache2?|nginx"
    r"|lighttpd|proftpd|pure-?ftpd|vsftpd"
    r"|pureftpd|smb|sshd?|named|ftpchroot|ftpaccess|ftphosts|snmpd|squid|php-fpm|redis|mongod?|postgresql"
    r"|pg_hba|slapd|syslog|rsyslog)(?:[._]conf(?:ig)?)(?:\.default)?"
    r"|sshd?_config|(?:access|error|ftp|pureftpd|proftpd|php_?error|mysqld?|vsftpd|xferlog|auth|mail|exim_\w+"
    r"|rewrite|ssl_\w+|stderr|stdout)[._-]?logs?(?:\.\d)?"
    r"|web\.config|tomcat-users\.xml|server\.xml|global\.asax|machine\.config|metabase\.(?:bin|xml)|\.bashrc"
    r"|\.profile|\.bash_profile|\.bash_logout|\.forward"
    r"|autoexec\.bat|config\.sys|ntldr|pagefile\.sys|sess_\w+|my-\w+\.cnf|wp-config\.php)(?=$|[?#&;/\s\x00])"
)
_SHARE = r"^[\s\"']*+(?:\\\\[\w.?$\-]+\\|//(?:[.?]|\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}|[\w\-]+(?:\.[\w\-]+)+)/)"
_HOME = r"^~\w*+/+\.|^~root\b"
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f]"

_ENCODED_CONTROL = r"[\x00-\x1f]"

_ANCHOR = r"[/\\.%:~\x00-\x08\x0b-\x1f\x80-\U0010ffff]|0x|2f|5c|&#"

_RULES: tuple[tuple[str, str, Severity, str], ...] = (
    ("path.parent", _PARENT, "high", "a parent folder in a path"),
    ("path.system", _SYSTEM, "high", "an absolute path into the system"),
    ("path.wanted", _WANTED, "high", "a file that attackers ask for by name"),
    ("path.server", _SERVER_FILE, "medium", "the configuration or log of a server by its absolute path"),
    ("path.scheme", _SCHEME, "high", "an address or stream wrapper where a path is expected"),
    ("path.home", _HOME, "medium", "a hidden file of a home folder"),
)


_pattern = partial(compiled, flags=re.IGNORECASE)


class PathScanner:
    """Path traversal and file inclusion in a value that is to be one path below a base."""

    name = "path"

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return context.sink == "path" and _pattern(_ANCHOR).search(text) is not None

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        hits: dict[str, Hit] = {}
        self._look(hits, "path.overlong", _OVERLONG, text, text, "high", "an encoding that hides what it spells")
        self._look(hits, "path.share", _SHARE, text, text, "high", "a network share or device path")
        self._look(hits, "path.control", _CONTROL, text, text, "high", "a NUL or control character in a path")
        for form in _all_forms(text):
            if len(form) != len(text):
                self._look(
                    hits, "path.control", _ENCODED_CONTROL, form, text, "high", "an encoded control character in a path"
                )
            flat = form.replace("\\", "/")
            for rule, source, severity, message in _RULES:
                self._look(hits, rule, source, flat, text, severity, message)
            if form is not text and "%" in form:
                self._look(
                    hits, "path.overlong", _OVERLONG, form, text, "high", "an encoding that hides what it spells"
                )
            if hits:
                return list(hits.values())  # what further decoding would show changes no decision
        if "\\." in text:
            self._look(hits, "path.parent", _PARENT, text.replace("\\", ""), text, "high", "a parent folder in a path")
        return list(hits.values())

    def _look(
        self, hits: dict[str, Hit], rule: str, source: str, form: str, text: str, severity: Severity, message: str
    ) -> None:
        if rule in hits:
            return
        match = _pattern(source).search(form)
        if match is None:
            return
        # Both slashes are one character, so a form of the same length has the text's own positions.
        same = len(form) == len(text)
        hits[rule] = Hit(
            rule,
            "path_traversal",
            match.start() if same else 0,
            match.end() if same else len(text),
            severity=severity,
            message=message,
            cwe="CWE-22",
            owasp_llm="LLM05",
        )


def _all_forms(text: str) -> list[str]:
    found = [folded(form) for form in forms(text)]
    if "\\" in text:
        # A separator and no escape: the letters behind it are a name's.
        found += [folded(form) for form in forms(text.replace("\\", "/"))][1:]
    if "%%" in text:
        # Written to survive one careless decoder: doubled signs, digits encoded one by one.
        found += [folded(form) for form in forms(text.replace("%%", "%"))][1:]
    return found
