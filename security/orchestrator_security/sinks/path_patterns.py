"""What leaves a folder, and what attackers ask for by name, as patterns for a path in lower case with forward slashes.

The patterns of a table each begin with the literal they are tabled under and are tried only where it stands in the path; what
the literal must not stand behind is asked behind it. The others are matched at the beginning of the path.
"""

from __future__ import annotations

Table = tuple[tuple[str, str], ...]
"""Pairs of a literal and the pattern that begins with it."""

# An encoding that no honest writer makes: UTF-8 sequences longer than they need be, and halves of them.
OVERLONG: Table = (
    ("%", r"%(?:25)*+(?:c[01]|e0%?(?:25)*+[4-9][0-9a-f]|f[08c]%?(?:25)*+80|bg%qf|u00(?:2e|2f|5c)|uff0e)"),
)
OVERLONG_BYTES = r"[\xc0\xc1][\x80-\xbf]|\.\.[\xc0\xc1]"
"""Searched in the text before it is in lower case, since these are letters too."""

PARENTS: Table = (
    # Any spelling whose slash is left, with what some servers skip between; a whole segment, then the end or a sign.
    (
        "..",
        (
            r"\.\.(?:[\x00-\x20;\"'<>^|]{0,4}/|%|0x|&#"
            r"|(?:(?<=^\.\.)|(?<=[/:=;,&|?\s]\.\.))(?:$|[^\w.\s,)'\"-]))"
        ),
    ),
    # A filter took the percent signs away.
    (
        "..",
        r"\.\.(?:(?<=^\.\.)|(?<=/\.\.)|(?<=2f\.\.)|(?<=5c\.\.)|(?<=2e\.\.))\.{0,2}(?:25){0,3}(?:2f|5c|(?<=2e)/)",
    ),
    (
        "2e2e",
        r"2e2e(?:(?<=^2e2e)|(?<=/2e2e)|(?<=2f2e2e)|(?<=5c2e2e)|(?<=2e2e2e))(?:25){0,3}(?:2f|5c|/)",
    ),
    (".", r"\.(?<![\w)]\.)[\x00-\x20<>\"^|]{1,3}\./|\.[\x00-\x1f<>\"^|]{1,3}\./"),
    # Signs that some systems read as a dot.
    ("?", r"\?(?:\?/\?\?/|/\.\?/|\./\?\./)"),
    # Long chains of the current folder push a suffix beyond a length limit.
    ("/././././", r"/\././././"),
)
DOTS = r"/*+\.{4,}+/*+$|/++\.{3,}+/*+$|/++$"
"""More dots, which old systems read as further parents, and the root itself."""

SCHEME = (
    r"[\s\"']*+(?:(?:file|jar|netdoc|expect|phar|zip|rar|ogg|php|glob|view-source|javascript|gopher|dict"
    r"|ldap|tftp|sftp|compress\.[a-z0-9]{2,6}):|data:[a-z/+\-=.0-9]*+[,;])"
)
ADDRESSES: Table = ((":/", r":/(?<=[a-z0-9+.\-]{2}:/)(?=.)"),)

_FOLDERS = (
    r"etc|proc|sys|root|boot|var|srv|usr|kunden|volumes|winnt|windows|winxp|win(?:32|95|98|2000|2003)|inetpub|system32"
    r"|system volume information|program files(?: \(x86\))?|progra~\d|programdata|documents and settings|perflogs"
    r"|\$recycle\.bin|recycler|recovery|sysprep|appserv|server-(?:status|info)|xampp|wamp(?:64)?|lampp"
    r"|apache(?:\d[\d.]*| group| software foundation)?|cygwin(?:64)?|php\d?|mysql[\d.]*|minint|i386|cgi-bin|web-inf"
    r"|meta-inf|sbin|pkg|ports|local|libexec|spool|lost\+found|cores|snap|selinux|nsconfig|private|library|system|cygdrive|mnt/[a-z]"
    r"|hsphere|netserver|ftpserver|ibm|oracle|tomcat[\d.]*|jboss[\w.\-]*|nginx[\w.\-]*"
)
SYSTEM = (
    r"[\s\"'=]*+(?:%[a-z][\w()]{2,30}%(?:/|$)|\$\{?(?:env:)?(?:home|user|pwd|oldpwd|path|tmpdir|temp|tmp|systemroot|windir)\}?/"
    r"|[a-z]:/*+$|/*+\.?(?:passwd|shadow|s?pwd\.db)(?:$|\x00)|/++sam$|(?:[a-z]:)?/++(?:\./++)*+(?:private/++)?(?:"
    rf"(?:{_FOLDERS})(?:/|$|\x00)"
    r"|dev/++(?:null|zero|full|u?random|tcp|udp|std\w{1,4}|fd|tty\w*+|mem|kmem|port|shm|sd[a-z]|hd[a-z]|nvme|disk|xvd|vd[a-z])"
    r"|bin/++(?:\w{0,4}sh|busybox|cat|ls|id)\b|run/++(?:secrets|systemd|docker|utmp|\w+\.(?:pid|sock))"
    r"|lib(?:32|64)?/++(?:security|systemd|modules|ld-)"
    r"|opt/++(?:lampp|xampp|apache|nginx|tomcat|jboss|ibm|oracle|coldfusion|zimbra|splunk|httpd)"
    r"|\w{0,6}[?*][\w?*]{0,8}/|~root|users/++(?:administrator|default|all users|public)\b|\.dockerenv"
    r"|home/++\$|users/++[\w.\-]{1,40}+/++(?:library|ntuser|appdata)\b|applications/|www/++(?:logs|apache|conf)|home/++[\w.\-]{1,40}+/++(?:lampp|xampp|public_html|htdocs|www|logs?|sites?-\w+)(?:/|$)"
    r"|(?:web|logs?|conf|config|netserver|core|hsphere|applications)/++(?:conf/|bin/|[\w.\-]*(?:log|ini|conf|cnf)\b)))"
)

# Files that are asked for by name wherever they stand ...
WANTED: Table = (
    (
        "etc/",
        (
            r"etc/(?<![\w.\-]etc/)/*+(?:\./++)*+(?!\w{1,20}\.(?:example|sample|dist|template|tmpl|j2|erb|md|rst|ya?ml|json)\b)(?:(?:passwd|shadow|gshadow|group|hosts|hostname|issue|sudoers|crontab|motd|mtab"
            r"|fstab|resolv\.conf|master\.passwd)(?!-[a-z])|security/|ssh/|apache2?/|httpd/|my\.cnf|mysql/)"
        ),
    ),
    ("proc/", r"proc/(?<![\w.\-]proc/)/*+(?:self|version|cmdline|cpuinfo|mounts|net|sched_debug|\d+)\b"),
    *(
        (
            f"{name}/",
            (
                rf"{name}/(?<![\w.\-]{name}/)/*+(?:system32|system|repair|win\.ini|php\.ini|panther|debug|security|iis|temp"
                r"|microsoft\.net|my\.(?:ini|cnf))\b"
            ),
        )
        for name in ("winnt", "windows")
    ),
    (
        "system32/",
        r"system32/(?<![\w.\-]system32/)/*+(?:drivers|config|cmd|inetsrv|logfiles|\w{1,30}+\.(?:exe|dll))",
    ),
    *(
        (f"{name}.ini", rf"{name}\.ini(?<![\w.\-]{name}\.ini)(?![\w.])")
        for name in ("boot", "win", "system", "desktop")
    ),
    ("cmd.exe", r"cmd\.exe(?<![\w.\-]cmd\.exe)"),
    ("master.passwd", r"master\.passwd(?<![\w.\-]master\.passwd)"),
    (
        ".",
        (
            r"\.(?<![\w.\-]\.)(?:(?:htaccess|htpasswd|htdigest|pgpass|netrc|npmrc|pypirc|my\.cnf)\b"
            r"|(?:bash|zsh|sh|mysql|psql|php|python|sqlite|nano|rediscli|irb)_history"
            r"|ssh/++(?:id_|authorized_keys|known_hosts|config|identity)"
            r"|(?:git|svn|hg|bzr)/++(?:config|head|index|logs|entries|wc\.db|hgrc|objects|refs)\b"
            r"|(?:aws|azure|gcloud|kube|docker|gnupg|config/gcloud)/++(?:credentials|config|config\.json|accesstokens|secring"
            r"|private)"
            r"|env(?:\.(?:local|prod|production|staging|development|dev|bak|old|save))?(?=$|[?#&\s\x00])|ds_store|viminfo)"
        ),
    ),
    ("id_", r"id_(?<![\w.\-]id_)(?:rsa|dsa|ecdsa|ed25519)(?!\.pub)\b"),
    (
        "authorized_keys",
        r"authorized_keys(?<![\w.\-]authorized_keys)\b(?! [a-z]{2})",
    ),
    ("web-inf/", r"web-inf/(?<![\w.\-]web-inf/)"),
    ("meta-inf/", r"meta-inf/(?<![\w.\-]meta-inf/)(?:context|manifest)"),
    ("wp-config.", r"wp-config\.(?<![\w.\-]wp-config\.)(?:php|bak|txt)"),
    ("ntuser.dat", r"ntuser\.dat"),
    ("ntds.", r"ntds\.(?<![\w.\-]ntds\.)(?:dit|sav|bak|old)\b"),
    ("sam.", r"sam\.(?<![\w.\-]sam\.)(?:dit|sav|bak|old)\b"),
    ("security.", r"security\.(?<![\w.\-]security\.)(?:dit|sav|bak|old)\b"),
    ("unattend", r"unattend(?<![\w.\-]unattend)(?:ed)?\.(?:xml|txt)"),
    ("sysprep.", r"sysprep\.(?:xml|inf)"),
    ("applicationhost.config", r"applicationhost\.config"),
    ("httpd.conf", r"httpd\.conf(?<![\w.\-]httpd\.conf)(?![\w.])"),
    ("localconfiguration.php", r"localconfiguration\.php"),
    ("settings.inc.php", r"settings\.inc\.php"),
    ("..", r"\.\.(?<!\.\.\.)\.{0,2}(?:etc|windows|winnt|boot|proc)\b"),
    (":$", r":\$(?:data\b|index|i30|bitmap)"),
    ("~", r"~(?<=[a-z0-9_]{6}~)\d(?:/|\.[a-z0-9]{1,3}(?:/|$)|$)"),
)
# ... and those that are so only on an absolute path, since a project may have its own.
SERVER_FILE = (
    r"[\s\"']*+(?:[a-z]:)?/[^\n]{0,300}?/?(?<![\w.\-])(?:php\d?\.ini|my\.(?:cnf|ini)|(?:httpd|apache2?|nginx|lighttpd|proftpd"
    r"|pure-?ftpd|vsftpd|pureftpd|smb|sshd?|named|ftpchroot|ftpaccess|ftphosts|snmpd|squid|php-fpm|redis|mongod?|postgresql"
    r"|pg_hba|slapd|syslog|rsyslog)(?:[._]conf(?:ig)?)(?:\.default)?"
    r"|sshd?_config|(?:access|error|ftp|pureftpd|proftpd|php_?error|mysqld?|vsftpd|xferlog|auth|mail|exim_\w+|rewrite|ssl_\w+"
    r"|stderr|stdout)[._-]?logs?(?:\.\d)?"
    r"|web\.config|tomcat-users\.xml|server\.xml|global\.asax|machine\.config|metabase\.(?:bin|xml)|\.bashrc"
    r"|\.profile|\.bash_profile|\.bash_logout|\.forward"
    r"|autoexec\.bat|config\.sys|ntldr|pagefile\.sys|sess_\w+|my-\w+\.cnf|wp-config\.php)(?=$|[?#&;/\s\x00])"
)
CONFIGURATION = (
    r"[\s\"']*+(?:[a-z]:)?/++(?!(?:home|users|tmp|temp|work\w*|projects?|repos?|src|code|dev|data|apps?|docs?|git|builds?)/)"
    r"[^\n]{1,260}?(?:\.(?:ini|conf|cnf|cfg|err|inf|sys|pid)|[/._-]logs?(?:\.\d|\.gz)?)(?=$|[?#&;\s\x00])"
)
"""A configuration or log outside of where people keep their work."""
SHARE = r"[\s\"']*+(?:\\\\++[\w.?$\-]++\\|//(?:[.?]|\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}|[\w\-]++(?:\.[\w\-]++)+)/)"
"""Matched where both slashes still differ."""
HOME = r"~/++\.|~\w++/|~root\b"
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file: reserved with any extension; a folder of such a name is met.
DEVICE = r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[1-9\xb9\xb2\xb3])[ ]{0,9}(?:[.:][^/]*+)?$"
