"""The words of SQL that tell a statement from prose: operators, functions, and names that only a database has."""

from __future__ import annotations

LOGIC = frozenset(("or", "and", "xor", "||", "&&"))
COMPARISONS = frozenset((
    "=", "<", ">", "<=", ">=", "<>", "!=", "<=>", "==", "!<", "!>", "^=", "like", "rlike", "regexp", "ilike", "glob", "match",
    "in", "is", "between", "sounds", "similar", "isnull", "notnull", "@>", "<@", "~", "~*", "!~", "!~*", "->", "->>", "contains",
    "overlaps",
))  # fmt: skip
ARITHMETIC = frozenset(("+", "-", "*", "/", "%", "^", "|", "&", "<<", ">>", "div", "mod", ":=", "escape", "::"))
OPERATORS = LOGIC | COMPARISONS | ARITHMETIC

PREFIXES = frozenset((
    "not", "binary", "exists", "all", "any", "some", "distinct", "-", "+", "~", "!", "case", "interval", "prior", "unique", "row",
    "collate", "like", "null", "to", "unknown", "isnull", "-~",
))  # fmt: skip
"""What may stand before an operand, also right behind an operator (``not``, ``is not``, ``sounds like``, ``similar to``)."""

CONSTANTS = frozenset(("null", "true", "false", "default", "unknown"))

ARTICLES = frozenset((
    "a", "an", "the", "your", "our", "my", "his", "her", "its", "their", "this", "that", "these", "those", "each", "every", "one",
    "which", "what", "where", "when", "how", "who", "you", "we", "i", "they", "he", "she", "it", "them", "us", "is", "are", "was",
    "were", "be", "been", "will", "would", "can", "could", "should", "to", "of", "for", "with", "at", "by", "and", "or", "but",
    "so", "here", "there", "then", "than", "some", "any", "no", "yes", "new", "below", "above", "between", "among", "within",
    "more", "other", "another", "both",
))  # fmt: skip
"""Words that make prose of ``select ... from ...``: no column or table is called so."""

FUNCTIONS = frozenset((
    "sleep", "benchmark", "pg_sleep", "get_lock", "ascii", "asc", "char", "chr", "nchar", "unichar", "ord", "hex", "unhex", "bin",
    "conv", "substr", "substring", "mid", "instr", "locate", "strcmp", "strpos", "charindex", "patindex", "length", "len",
    "char_length", "datalength", "bit_length", "concat", "concat_ws", "group_concat", "string_agg", "listagg", "wm_concat",
    "lower", "upper", "lcase", "ucase", "ltrim", "rtrim", "lpad", "rpad", "reverse", "replace", "quote", "md5", "sha", "sha1",
    "sha2", "password", "old_password", "encrypt", "aes_encrypt", "aes_decrypt", "des_encrypt", "encode", "decode", "compress",
    "uncompress", "crc32", "cast", "convert", "to_char", "to_number", "to_date", "to_timestamp_tz", "tz_offset", "hextoraw",
    "rawtohex", "rawtonhex", "utl_raw", "if", "ifnull", "nullif", "iif", "isnull", "coalesce", "nvl", "nvl2", "greatest", "least",
    "elt", "field", "find_in_set", "make_set", "export_set", "interval", "user", "current_user", "session_user", "system_user",
    "suser_name", "suser_sname", "user_name", "user_id", "db_name", "db_id", "host_name", "object_id", "object_name", "col_name",
    "database", "schema", "version", "current_database", "current_schema", "connection_id", "last_insert_id", "row_count",
    "found_rows", "load_file", "load_extension", "lo_import", "lo_export", "pg_read_file", "pg_ls_dir", "extractvalue",
    "updatexml", "xmltype", "xmlelement", "name_const", "floor", "ceil", "round", "rand", "random", "randomblob", "zeroblob",
    "exp", "pow", "power", "pi", "sin", "cos", "tan", "cot", "sqrt", "abs", "sign", "mod", "log", "log2", "ln", "min", "max",
    "count", "sum", "avg", "std", "var_pop", "bit_and", "bit_or", "bit_xor", "now", "sysdate", "curdate", "current_date",
    "current_time", "current_timestamp", "utc_timestamp", "localtime", "unix_timestamp", "is_member", "is_srvrolemember",
    "has_dbaccess", "permissions", "polygon", "multipoint", "linestring", "geometrycollection", "st_latfromgeohash",
    "gtid_subset", "gtid_subtract", "json_keys", "json_extract", "json_depth", "json_array_length", "row_to_json", "uuid",
    "uuid_short", "newid", "sqlite_version", "typeof", "total_changes", "changes", "likelihood", "likely", "unlikely", "soundex",
    "space", "stuff", "string", "translate", "trim", "overlay", "position", "left", "right", "generate_series", "query_to_xml",
    "database_to_xml", "table_to_xml", "current_setting", "procedure", "analyse", "values", "openrowset", "openquery",
    "opendatasource", "inet_aton", "sqlcode", "dump", "bfilename", "raise_application_error", "repeat", "regexp_substring",
    "regexp_replace", "regexp_like", "starts_with", "dblink", "array_agg", "any_value", "adddate", "date_add", "in", "exists",
    "all", "any", "not", "binary", "select", "row", "case", "distinct", "name", "format", "first", "last",
))  # fmt: skip
"""Functions of MySQL, PostgreSQL, SQL Server, Oracle and SQLite, and words that stand before a parenthesis."""

CLAUSES = frozenset((
    "union", "order", "group", "having", "where", "limit", "from", "into", "procedure", "for", "offset", "except", "intersect",
    "minus", "waitfor", "exec", "execute", "select", "returning", "window", "as", "on", "when", "end", "then", "else", "asc",
    "desc", "using", "escape", "begin", "declare", "insert", "update", "delete", "drop", "create", "alter", "if",
))  # fmt: skip
"""Words that end an expression; what follows them is read by the phrases."""

EVERYDAY = frozenset((
    "len", "length", "min", "max", "sum", "abs", "round", "floor", "ceil", "sin", "cos", "tan", "cot", "sqrt", "exp",
    "log", "log2", "ln", "pow", "power", "pi", "mod", "format", "replace", "left", "right", "if", "in", "not", "any",
    "all", "first", "last", "repeat", "reverse", "space", "string", "name", "position", "select", "row", "case",
    "count", "random", "rand", "now", "user", "version", "password", "quote", "sign", "trim", "lower", "upper",
    "field", "database", "schema", "dump", "values", "uuid", "encode", "decode", "compress", "uncompress", "crc32",
    "translate", "exists", "distinct", "binary", "interval", "procedure", "asc", "bin", "hex", "ord", "chr", "char",
    "changes", "stuff", "avg", "std", "cast", "convert", "concat", "sleep", "likely", "unlikely", "likelihood",
    "typeof", "md5", "sha1", "sha", "encrypt", "soundex", "greatest", "least", "elt", "permissions", "overlay",
    "starts_with", "analyse", "iif", "isnull", "substr", "substring",
))  # fmt: skip
"""Functions that programs and formulas have as well: alone they are no sign of SQL."""
