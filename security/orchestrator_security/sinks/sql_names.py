"""Names that only a database has: system tables, calls that wait or leak, stored procedures.

Each pattern begins with a word and is bounded, so the time is linear. The names are those of MySQL, PostgreSQL, SQL Server, Oracle,
SQLite and Access in OWASP's testing guide and the vendors' manuals.
"""

from __future__ import annotations

from orchestrator_security.sinks.sql_found import Kind

_S = r"[\s\x00-\x20\xa0+(]"
"""What stands between words; parentheses as well, and the plus sign of web forms."""

_OF_TEXT = ("ascii", "ord", "hex", "unhex", "lower", "upper", "char_length", "length", "len", "unicode", "conv", "bin")
_PARTS = ("substr", "substring", "mid", "left", "right", "instr", "locate", "strcmp")
_ABOUT = (
    "suser_sname", "suser_name", "user_name", "db_name", "is_srvrolemember", "has_dbaccess", "is_member", "host_name", "object_id",
    "col_name", "current_setting",
)  # fmt: skip
_ABOUT_ALL = (
    "system_user", "sqlite_version", "schema_name", "current_database", "database", "version", "connection_id", "last_insert_rowid",
    "pg_client_encoding", "inet_server_addr",
)  # fmt: skip
_FREE = r"(?<![\w.$])"
"""No method of a program's object ..."""
_NEW = _FREE + "(?<!new )"
"""... and none that is made."""
_HASHES = ("md5", "sha1", "sha", "password", "soundex", "aes_encrypt", "unhex", "encode")


def _behind(names: tuple[str, ...], blanks: int = 2, boundary: str = r"\b") -> str:
    """That one of the names stands in front of the parenthesis just read, with at most so many blanks between."""
    return "|".join(rf"(?<={boundary}{name}{gap}\()" for name in names for gap in ("", r"\s", r"\s\s")[: blanks + 1])


NAMES: tuple[Kind, ...] = (
    Kind(
        "delay",
        "high",
        "a call that makes the database wait, which answers yes-or-no questions",
        (
            "sleep",
            "benchmark",
            "waitfor",
            "get_lock",
            "randomblob",
            "receive_message",
        ),
        (
            r"(?<![\w.])(?:pg_sleep|sleep|benchmark|dbms_lock\.sleep|dbms_session\.sleep"
            r"|dbms_pipe\.receive_message|get_lock|randomblob)"
            r"[\s\x00-\x20]{0,8}\([\s\x00-\x20(]{0,8}+(?:[\d.]{1,20}+(?:[\s)]*+(?:[),;*+/|&#-]|or\b|and\b|$))"
            r"|['\"@]|0x|-\d|select\b|char|chr|ascii|length|version|user|__time__|\[)"
            rf"|waitfor{_S}{{1,40}}(?:delay|time)(?:{_S}{{1,40}}|['\"@])|\bbenchmark\s{{0,9}}\([^()]{{1,40}}+,"
        ),
    ),
    Kind(
        "system-catalogue",
        "high",
        "a database's own catalogue",
        (
            "schema",
            "sys",
            "sqlite_",
            "pg_",
            "all_",
            "dba_",
            "user_",
            "rdb$",
            "v$",
            "master",
            "mysql.",
        ),
        (
            r"information_schema(?:\b|[\s.])|(?:mysql|performance_schema|sys)\.(?:user|db|tables_priv"
            r"|innodb_table_stats|schema_table_statistics\w*)\b"
            r"|\bsys(?:objects|columns|databases|logins|users|xlogins|processes|comments|constraints)\b"
            r"|\bsqlite_(?:master|schema|temp_master)\b|\bpg_(?:catalog|user|shadow|database|tables|class"
            r"|attribute|stat_activity|authid|proc|roles|namespace|group|ls_dir|read_file|largeobject)\b"
            r"|\b(?:all|dba|user)_(?:tables|tab_columns|tab_cols|users|objects|col_comments|source|views"
            r"|constraints|tab_privs|role_privs|sys_privs|catalog|indexes|triggers|db_links|cons_columns"
            r"|ind_columns)\b"
            r"|\bsys\.(?:objects|tables|columns|databases|sysobjects|syscolumns|user\$|dba_users|all_tables"
            r"|dual|sql_logins|server_principals|schemas)"
            r"|\bmsys(?:accessobjects|aces|objects|queries|relationships|accessstorage|accessxml)\b|\brdb\$\w"
            r"|\bsyscat\.|\bsysibm\.|\b(?:syscat|syscolauth|systables|sysroutines)\b"
            r"|\bv\$(?:version\b(?!:)|instance|database|session|parameter)\b|\bmaster(?:\.\.|\.dbo\."
            r"|\.sys)[a-z_]"
        ),
    ),
    Kind(
        "procedure",
        "high",
        "a stored procedure or package that reaches outside of the database",
        (
            "xp_",
            "sp_",
            "utl_",
            "dbms_",
            "ctxsys",
            "ordsys",
            "owa_",
            "httpuri",
        ),
        (
            r"(?<![\w.])(?:xp_[a-z]{3,40}|sp_(?:password|executesql|execute|add\w{3,40}|oa[a-z]{3,20}"
            r"|makewebtask|configure|help\w{0,20}|who\b|tables\b|columns\b|start_job|prepare\b|msdropretry"
            r"|replwritetovarbin|sqlexec|xml_preparedocument))\b"
            r"|\b(?:utl_(?:http|inaddr|file|smtp|tcp|raw)|dbms_[a-z]{3,30}|ctxsys|ordsys|owa_util)\b"
            r"|\bhttpuritype\b|\bsys_eval\b|\bsys_exec\b"
        ),
    ),
    Kind(
        "error-leak",
        "high",
        "a call that leaks data through an error message",
        (
            "xml",
            "concat",
            "name_const",
            "_set",
            "gtid",
            "json_",
            "geohash",
            "_agg",
            "listagg",
            "raw",
            "analyse",
            "exp",
            "rand",
            "convert",
            "cast",
            "conver",
        ),
        (
            r"\b(?:extractvalue|updatexml|xmltype|name_const|group_concat|concat_ws|make_set|export_set"
            r"|gtid_subset|gtid_subtract|json_keys|st_latfromgeohash|query_to_xml|database_to_xml"
            r"|table_to_xml|database_to_xmlschema|xmlagg|string_agg|listagg|hextoraw|rawtonhex"
            r"|json_arrayagg)[\s]{0,9}\("
            rf"|\bprocedure{_S}{{1,20}}analyse\b|\bexp{_S}{{0,9}}\(~|\b(?:floor"
            rf"|count){_S}{{0,9}}\(rand{_S}{{0,9}}\(|\bexp\(710\)"
            r"|\bconvert{0,1}\s{0,9}\((?:int|signed|varchar|char)\b[^()]{0,9},"
            r"|\bconvert\s{0,9}\([^()]{1,60}?using\s|\bcast\s{0,9}\((?:[^()]"
            r"|\([^()]{0,60}+\)){1,120}?\sas\s{1,9}(?:int|integer|numeric|n?varchar|char|signed|unsigned"
            r"|decimal|text|nchar|date|bigint|real|money|binary|float)\b"
        ),
    ),
    *(
        Kind(
            "probe",
            "high",
            "a question about the database's version, user or characters, as blind attacks put it",
            hints,
            source,
        )
        for hints, source in (
            (
                ("@@",),
                (
                    r"@@(?:version|datadir|hostname|basedir|servername|global|language|spid|tmpdir|secure_file_priv"
                    r"|identity|microsoftversion|max_connections|plugin_dir|innodb\w{0,20}|rowcount|error|trancount|fetch_status"
                    r"|sql_mode|log_bin|port|socket|lc_time_names|max_allowed_packet|procid|servicename|dbts)\b"
                ),
            ),
            # A function whose argument is another one: the outer name is asked last, since that costs most.
            (
                ("(",),
                (
                    r"\((?<=[a-z\s]\()(?=[\s(]{0,9}+(?:substr|substring|mid|left|right|select|database|user|version|current_user"
                    rf"|system_user|@@|cast|hex|conv|concat)\b)(?:{_behind(_OF_TEXT)})"
                ),
            ),
            (
                ("(",),
                (
                    r"\((?<=[a-z\s]\()(?=[\s(]{0,9}+(?:select|@@\w|database\s?\(|user\s?\(|version\s?\(|current_user|system_user"
                    rf"|sys_context|password|passwd|username|banner|hex\s?\(|concat)\b)(?:{_behind(_PARTS)})"
                ),
            ),
            (("(",), rf"\((?<=[a-z]\()(?=\s{{0,3}}\)|\d|')(?:{_behind(_ABOUT, 0, _FREE)})"),
            (("(",), rf"\((?<=[a-z]\()(?=\s{{0,3}}\))(?:{_behind(_ABOUT_ALL, 0, _FREE)})"),
            (
                ("char", "chr"),
                (
                    r"ch(?:a?r)(?:(?<=\bchar)|(?<=\bchr)|(?<=\bnchar))\s{0,9}\(\s{0,9}(?:\d{2,3}|0x[0-9a-f]{2})\s{0,9}"
                    r"(?:,\s{0,9}(?:\d{1,3}|0x[0-9a-f]{2})\s{0,9}){0,200}+\)\s{0,9}(?:[|+,&)]|--|#|$|using|=|<|>|or\b|and\b)"
                ),
            ),
            (
                ("case",),
                (
                    r"case(?<=\bcase)\s{1,9}(?:\w{1,40}\s{1,9})?when[\s(]{1,9}+[^<>=!]{1,60}?(?:[<>=]|\blike\b|\bis\b"
                    r"|\bthen\b)[^;]{1,200}?\b(?:then|else|end)\b"
                ),
            ),
            (("true", "false", "null"), r"^\s{0,9}[-+]?\d{1,12}\s{0,3}[-+*/]\s{0,3}(?:true|false|null)\s{0,9}$"),
            (
                ("(",),
                rf"\((?<=[a-z\d\s]\()(?=\s{{0,9}}+(?:'[^']{{0,60}}+'|\d{{1,20}})\s{{0,9}}[,)])(?:{_behind(_HASHES, 2, _NEW)})",
            ),
        )
    ),
    Kind(
        "boundary-number",
        "medium",
        "a number written so that it crashes some servers or slips past filters (CVE-2010-4476, CVE-2010-4645)",
        (
            "e-308",
            ".e",
        ),
        (
            r"(?<![\d.])(?:2\.225073858507201[12]e-308|2\.2250738585072007e-308)(?!\d)"
            r"|(?<![\w.])\d\.e(?:\.[a-z_]|\()"
        ),
    ),
    Kind(
        "cast",
        "medium",
        "a cast or a JSON path in PostgreSQL's own notation",
        ("::", "->"),
        (
            r"\b[a-z_]\w{0,40}+::(?:int(?:eger)?[248]?|text|varchar|numeric|jsonb?|regclass|float8|bigint|bytea)\b"
            r"|[)'\d]::(?:int(?:eger)?[248]?|text|varchar|numeric|jsonb?|bool(?:ean)?|regclass|name|xml|float[48]?|char|date)\b"
            r"|\w\s{0,3}->>?\s{0,3}'[^']{0,40}'"
        ),
    ),
)
