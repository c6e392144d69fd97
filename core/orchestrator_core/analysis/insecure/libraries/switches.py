"""Options that weaken: of clients, servers, frameworks, clouds and containers."""

from __future__ import annotations

from orchestrator_core.analysis.insecure.libraries.rows import Switch, Weakness

_CERTIFICATE = Weakness(
    "unchecked-certificate", 295, "The other end's certificate is not checked",
    "Leave certificate and host name checks on; for an own authority pass its file.",
)  # fmt: skip
_HOST_KEY = Weakness("unchecked-host-key", 322, "Any host key is accepted", "Load known_hosts and refuse other keys.")
_PLAIN = Weakness("plain-transport", 319, "What is sent here travels unencrypted", "Use TLS for this connection.")
_OLD = Weakness(
    "old-tls", 326, "Old versions of TLS or weak ciphers are accepted", "Leave versions and ciphers to the library."
)
_CODE = Weakness(
    "code-in-data", 502, "Data that is read here can run code", "Read formats that hold no code: json, safetensors."
)
_RUNS = Weakness(
    "remote-code", 94, "A model or a stranger may have code run here", "Leave it off, or run it in a sandbox."
)
_CORS = Weakness("any-origin", 942, "Any site may read the answers", "Name the origins that may ask.")
_SOCKET = Weakness("any-socket-origin", 1385, "Any site may open a socket", "Name the origins that may.")
_COOKIE = Weakness(
    "cookie-options",
    614,
    "A cookie travels unencrypted or can be read by scripts",
    "Set secure, httponly and samesite.",
)
_SAME_SITE = Weakness(
    "cookie-cross-site", 1275, "Other sites' requests carry the cookie", 'Set samesite="Lax" or "Strict".'
)
_CSRF = Weakness("forged-requests", 352, "Requests forged by other sites are accepted", "Leave CSRF protection on.")
_ESCAPE = Weakness("unescaped-templates", 79, "Values are shown without escaping", "Leave escaping on.")
_CLEANER = Weakness(
    "loose-cleaner", 79, "This cleaner lets scripts through", "Allow harmless tags and attributes only."
)
_DEBUG = Weakness("debug-mode", 489, "Debug mode shows internals to visitors", "Leave it off outside development.")
_DETAILS = Weakness("error-details", 209, "Visitors see internal errors", "Leave it off.")
_OPEN = Weakness("open-to-all", 732, "Everybody may read or write here", "Name who may.")
_NETWORK = Weakness("open-network", 284, "Every address may connect", "Name the networks that may.")
_RIGHTS = Weakness(
    "all-rights",
    732,
    "A policy grants every action or every resource",
    "Name the actions and resources that are needed.",
)
_AT_REST = Weakness("plain-storage", 311, "What is stored here is not encrypted", "Switch encryption on.")
_ROOT = Weakness(
    "runs-as-root",
    250,
    "A container gets rights over its machine",
    "Leave the machine's folders, network and rights out.",
)
_NO_LOGIN = Weakness("open-service", 306, "Nobody is asked who they are", "Ask for a login.")
_UNSIGNED = Weakness(
    "unverified-token", 347, "What is received here need not be signed", "Leave the check of signatures on."
)
_CLAIM = Weakness("unverified-claim", 613, "A token's expiry or audience is not checked", "Leave the checks on.")
_LIMIT = Weakness("no-limit", 770, "Requests or data may be of any size", "Leave a limit on.")
_WAIT = Weakness("no-timeout", 400, "This may wait for ever", "Give a timeout in seconds.")
_CACHE = Weakness("endless-cache", 770, "This cache grows without end", "Give maxsize a number.")
_XML = Weakness("xml-entities", 611, "This parser resolves entities", "Leave entities, DTDs and the network off.")
_FRAMES = Weakness("page-in-frames", 1021, "Any site may show these pages in a frame", 'Use "DENY" or "SAMEORIGIN".')
_BROWSER = Weakness("browser-protection-off", 693, "A protection of browsers is switched off", "Leave it on.")
_LINKS = Weakness("followed-links", 59, "Links that lead out of the folder are followed", "Leave it off.")
_TYPED = Weakness("open-record", 915, "Records take in fields that nobody named", "Name the fields.")
_NAMES = Weakness("open-service", 749, "Whoever connects may reach attributes of any depth", "Leave it off.")
_HOSTS = Weakness("any-host", 346, "Any Host header is accepted", "Name the hosts.")
_BASE = Weakness("plain-transport", 319, "Pages are served unencrypted", "Send visitors to https.")
_PRELOAD = Weakness("short-hsts", 523, "Browsers are not told to stay with https", "Set a year: 31536000.")
_PASSWORD = Weakness("empty-password", 258, "An empty password lets anybody in", "Ask for one, from the environment.")

SWITCHES = (
    Switch(_CERTIFICATE, "high", """
        verify_ssl_cert check_ssl validate_cert ssl_check_hostname ssl_verify_peer verify_server_cert
        verify_tls ssl_verification VERIFY_SSL
        SSL_VERIFY verify_certificate verify_server_certificate verify_host ssl_match_hostname
        """, (False, 0)),
    Switch(_CERTIFICATE, "high", "trust_server_certificate TrustServerCertificate allow_insecure "
           "ignore_https_errors ignore_ssl_errors accept_insecure_certs acceptInsecureCerts ssl_insecure insecure_skip_verify "
           "skip_tls_verify nocheckcertificate no_check_certificate no_verify_ssl disable_ssl_verification "
           "tlsAllowInvalidCertificates tlsInsecure tlsAllowInvalidHostnames allow_invalid_certificates allow_invalid_hostnames",
           (True, 1, "yes", "true")),
    Switch(_CERTIFICATE, "high", "cert_reqs ssl_cert_reqs verify_mode validate CERT_REQS ", ("CERT_NONE", "none", "NONE"),
           ends=("CERT_NONE", "VERIFY_NONE")),
    Switch(_CERTIFICATE, "high", "ssl_cert_reqs", (None,)),
    Switch(_CERTIFICATE, "high", "server_cert_validation", ("ignore",)),
    Switch(_CERTIFICATE, "high", "GIT_SSL_NO_VERIFY ", ("1", "true", "True", True)),
    Switch(_CERTIFICATE, "high", "PYTHONHTTPSVERIFY NODE_TLS_REJECT_UNAUTHORIZED", ("0", 0)),
    Switch(_CERTIFICATE, "medium", "sslmode ssl_mode PGSSLMODE", ("disable", "allow", "prefer", "DISABLED", "PREFERRED")),
    Switch(_CERTIFICATE, "low", "sslmode PGSSLMODE", ("require",)),
    Switch(_HOST_KEY, "high", "hostkeys known_hosts", (None,)),
    Switch(_HOST_KEY, "high", "StrictHostKeyChecking host_key_checking strict_host_key_checking ANSIBLE_HOST_KEY_CHECKING "
           "hostkey_verify", ("no", False, "False", "false", "0", 0)),
    Switch(_HOST_KEY, "medium", "UserKnownHostsFile", ("/dev/null",)),
    Switch(_PLAIN, "medium", "security_protocol", ("PLAINTEXT", "SASL_PLAINTEXT")),
    Switch(_PLAIN, "medium", "insecure", (True,), calls="OTLPSpanExporter OTLPMetricExporter OTLPLogExporter Channel Client connect "
        "Session register"),
    Switch(_PLAIN, "medium", "secure", (False,),
        calls="Minio MinioClient Client SignedCookieSessionFactory UnencryptedCookieSessionFactoryConfig"),
    Switch(_PLAIN, "medium", """
        use_ssl use_tls ssl_enabled require_tls tls_enabled enable_ssl require_encryption
        encrypt Encrypt ssl_required
        """, (False, "no", "optional")),
    Switch(_PLAIN, "low", "EMAIL_USE_TLS EMAIL_USE_SSL MAIL_USE_TLS MAIL_USE_SSL start_tls", (False,)),
    Switch(_PLAIN, "medium", "ssl_disabled", (True,)),
    Switch(_PLAIN, "medium", "SECURITY_PROTOCOL", ("PLAINTEXT",)),
    Switch(_BASE, "medium", "force_https strict_transport_security", (False,)),
    Switch(_OLD, "high", "ssl_version minimum_version ssl_minimum_version tls_version min_tls_version",
           ends=("PROTOCOL_SSLv2", "PROTOCOL_SSLv3", "PROTOCOL_TLSv1", "PROTOCOL_TLSv1_1", "TLSVersion.TLSv1", "TLSVersion.TLSv1_1",
                 "TLSVersion.SSLv3")),
    Switch(_OLD, "medium", "MinimumProtocolVersion SecurityPolicy TLSSecurityPolicy minimum_tls_version minimum_protocol_version",
           ("SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016", "TLS_1_0", "Policy-Min-TLS-1-0-2019-07", "TLS1_0", "1.0", "1.1")),
    Switch(_CODE, "high", "allow_dangerous_deserialization allow_pickle enable_pickle use_pickle accept_pickle",
           (True,)),
    Switch(_CODE, "low", "use_safetensors", (False,)),
    Switch(_CODE, "medium", "trusted", (True,), calls="load loads get_untrusted_types", needs="skops"),
    Switch(_CODE, "high", """
        SERIALIZER serializer serializer_name SESSION_SERIALIZER TASK_SERIALIZER task_serializer result_serializer accept_content
        CELERY_TASK_SERIALIZER CELERY_ACCEPT_CONTENT CELERY_RESULT_SERIALIZER event_serializer data_serializer
        session.data_serializer accept serializers CACHE_SERIALIZER default_serializer
        """, ("pickle", "dill", "cloudpickle", "marshal", "application/x-python-serialize",
              "django.contrib.sessions.serializers.PickleSerializer", "django_redis.serializers.pickle.PickleSerializer")),
    Switch(_CODE, "medium", "SERIALIZER", ends=("PickleSerializer",)),
    Switch(_RUNS, "medium", "allow_dangerous_code allow_dangerous_requests unsafe_mode allow_code_execution ",
           (True,)),
    Switch(_RUNS, "medium", "use_docker", (False,), needs="autogen autogen_agentchat pyautogen"),
    Switch(_RUNS, "high", "trust_remote_code trust_repo", (True,)),
    Switch(_CORS, "medium", """
        cors_origins CORS_ORIGINS allow_origin allowed_origins allowedOrigins AllowedOrigins Access-Control-Allow-Origin
        CORS_ALLOWED_ORIGINS
        access_control_allow_origin AllowOrigins CORS_ORIGIN_WHITELIST cors_allow_origin
        """, ("*",)),
    Switch(_CORS, "high", "CORS_ALLOW_ALL_ORIGINS CORS_ORIGIN_ALLOW_ALL allow_all_origins", (True,)),
    Switch(_SOCKET, "medium", "cors_allowed_origins", ("*", None)),
    Switch(_COOKIE, "medium", """
        https_only session_cookie_secure session_cookie_httponly cookie_secure cookie_httponly secure_cookie
        AUTH_COOKIE_SECURE JWT_AUTH_SECURE JWT_AUTH_HTTPONLY session.secure
        session.httponly tools.sessions.secure tools.sessions.httponly http_only
        """, (False,)),
    Switch(_COOKIE, "medium", "secure httponly", (False,), calls="""
        SignedCookieSessionFactory AuthTktAuthenticationPolicy AuthTktCookieHelper SignedCookieProfile CookieProfile SessionMiddleware
        CookieTransport set_cookie Cookie SimpleCookie EncryptedCookieStorage SimpleCookieStorage BaseCookieSessionFactory session
        RedisStorage Morsel set_signed_cookie CookieBackendConfig CookieAuth
        """),
    Switch(_SAME_SITE, "medium", "same_site session_cookie_samesite cookie_samesite samesite CSRF_COOKIE_SAMESITE REMEMBER_COOKIE_SAMESITE "
           "SESSION_COOKIE_SAMESITE", ("none", "None")),
    Switch(_CSRF, "medium", """
        require_csrf csrf csrf_enabled csrf_protection enforce_csrf WTF_CSRF_ENABLED csrf_protect xsrf_cookies
        CSRF_ENABLED enable_csrf WTF_CSRF_SSL_STRICT ENABLE_CSRF check_origin xsrf
        """, (False,)),
    Switch(_CSRF, "medium", "disable_check_xsrf", (True,)),
    Switch(_ESCAPE, "high", "autoescape ", (False, None)),
    Switch(_ESCAPE, "medium", "allow_html enable_html unsafe_allow_html ", (True,)),
    Switch(_ESCAPE, "low", "is_safe ", (True,), calls="filter"),
    Switch(_ESCAPE, "low", "escape sanitize sanitize_html", (False,),
           calls="to_html create_markdown Markdown HTMLRenderer markdown to_latex ChatInterface Chatbot HTML interactive_table"),
    Switch(_ESCAPE, "medium", "safe_mode", (False,), calls="markdown Markdown"),
    Switch(_CLEANER, "high", "tags allowed_tags ALLOWED_TAGS", ("script", "style", "iframe", "object", "embed", "svg", "math", "form"),
           calls="clean Cleaner sanitize linkify clean_html sanitize_html BleachField"),
    Switch(_CLEANER, "high", "protocols url_schemes allowed_protocols", ("javascript", "data", "vbscript"),
        calls="clean Cleaner sanitize clean_html"),
    Switch(_CLEANER, "medium", "scripts javascript safe_attrs_only embedded frames ", (False,), calls="Cleaner"),
    Switch(_CLEANER, "high", "attributes", ("onclick", "onerror", "onload", "style", "*"), calls="clean Cleaner"),
    Switch(_DEBUG, "high", "debug DEBUG", (True,), calls="run_server run_simple run_app serve Dash Application Flask FastAPI Sanic Quart "
        "Litestar "
           "Bottle Starlette Robyn"),
    Switch(_DEBUG, "medium", """
        FLASK_DEBUG DJANGO_DEBUG WERKZEUG_DEBUG pyramid.debug_all pyramid.debug_authorization pyramid.debug_routematch dev_tools_ui
        use_debugger
        use_evalex EXPLAIN_TEMPLATE_LOADING TEMPLATE_DEBUG debugtoolbar.enabled serve_traceback
        DEBUG_TB_ENABLED debug_mode
        """, (True, "1", "true", "True", 1)),
    Switch(_DEBUG, "low", "reload use_reloader auto_reload autoreload", (True,),
        calls="run run_simple serve Application run_app run_server"),
    Switch(_DEBUG, "low", "FLASK_ENV ENV APP_ENV", ("development",)),
    Switch(_DEBUG, "medium", "INSTALLED_APPS MIDDLEWARE includes", ("debug_toolbar", "silk", "pyramid_debugtoolbar")),
    Switch(_DETAILS, "medium", "show_error_details propagate_exceptions show_tracebacks request.show_tracebacks "
           "", (True,)),
    Switch(_OPEN, "high", "ACL acl predefined_acl canned_acl", ("public-read", "public-read-write", "publicRead", "publicReadWrite",
        "authenticated-read")),
    Switch(_OPEN, "medium", """
        public_read_access PubliclyAccessible publicly_accessible public_access allow_blob_public_access public
        associate_public_ip_address AssociatePublicIpAddress
        """, (True,), calls="""
        Bucket CfnDBInstance DatabaseInstance create_db_instance create_replication_instance BucketV2 Instance create_cluster CfnCluster
        StorageAccount create Server Database DatabaseCluster restore_db_instance_from_db_snapshot modify_db_instance run_instances
        """),
    Switch(_OPEN, "medium", "PubliclyAccessible", (True,)),
    Switch(_OPEN, "medium", "BlockPublicAcls BlockPublicPolicy IgnorePublicAcls RestrictPublicBuckets block_public_acls "
        "block_public_policy",
           (False,)),
    Switch(_OPEN, "medium", "public_access", ("blob", "container"), calls="create_container set_container_access_policy ContainerClient"),
    Switch(_NETWORK, "high", "CidrIp cidr_ip cidr_blocks CidrIpv6 source_ranges sourceRanges cidr_ipv4 CidrBlock IpRanges "
        "source_address_prefix "
           "authorized_networks publicAccessCidrs", ("0.0.0.0/0", "::/0")),
    Switch(_RIGHTS, "medium", "Action actions Principal NotAction Resource principals", ("*", "*:*", "iam:*", "s3:*"),
        calls="PolicyStatement"),
    Switch(_RIGHTS, "medium", "Action Principal", ("*", "*:*", "iam:*")),
    Switch(_AT_REST, "medium", "StorageEncrypted storage_encrypted encrypted Encrypted EncryptionAtRest at_rest_encryption_enabled "
           "enable_encryption server_side_encryption transit_encryption_enabled TransitEncryptionEnabled", (False,)),
    Switch(_ROOT, "high", "privileged allow_privilege_escalation host_network host_pid host_ipc allowPrivilegeEscalation hostNetwork "
        "hostPID",
           (True,)),
    Switch(_ROOT, "medium", "run_as_user runAsUser", (0,)),
    Switch(_ROOT, "medium", "run_as_non_root ", (False,)),
    Switch(_ROOT, "medium", "network_mode pid_mode ipc_mode userns_mode", ("host",), calls="run create create_host_config HostConfig"),
    Switch(_ROOT, "medium", "cap_add", ("ALL", "SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "SYS_MODULE")),
    Switch(_ROOT, "medium", "security_opt", ("seccomp=unconfined", "apparmor=unconfined", "seccomp:unconfined", "label=disable")),
    Switch(_NO_LOGIN, "medium", "permission_classes DEFAULT_PERMISSION_CLASSES",
           ("rest_framework.permissions.AllowAny",), ends=("permissions.AllowAny",)),
    Switch(_NO_LOGIN, "medium", "LOGIN_DISABLED allow_anonymous OAUTHLIB_INSECURE_TRANSPORT", (True, "1")),
    Switch(_NO_LOGIN, "low", "share", (True,), calls="launch"),
    Switch(_NO_LOGIN, "medium", "authentication", ends=("ANONYMOUS",), calls="Connection"),
    Switch(_UNSIGNED, "high", "always_trust", (True,)),
    Switch(_UNSIGNED, "high", "verify_signature want_response_signed want_assertions_signed wantAssertionsSigned "
        "wantMessagesSigned "
           "require_signature validate_signature check_signature", (False,)),
    Switch(_UNSIGNED, "high", "alg", ("none", "None", "NONE")),
    Switch(_CLAIM, "medium", "verify_exp verify_aud verify_iss verify_nbf validate_exp ", (False,)),
    Switch(_LIMIT, "medium", "client_max_size max_body_size max_content_length max_upload_size MAX_CONTENT_LENGTH max_request_body_size "
           "DATA_UPLOAD_MAX_MEMORY_SIZE DATA_UPLOAD_MAX_NUMBER_FIELDS max_buffer_size max_size max_message_size", (None, 0), calls="""
        Application run create_app App serve connect HTTPServer Server Sanic ws_connect"""),
    Switch(_LIMIT, "medium", "MAX_IMAGE_PIXELS", (None,)),
    Switch(_LIMIT, "medium", "huge_tree", (True,)),
    Switch(_WAIT, "medium", "timeout total connect_timeout socket_timeout", (None,),
           calls="Client AsyncClient ClientTimeout get post put request delete head patch stream urlopen create_connection "
               "setdefaulttimeout PoolManager HTTPSConnectionPool HTTPConnectionPool"),
    Switch(_CACHE, "low", "maxsize", (None,), calls="lru_cache"),
    Switch(_XML, "high", "resolve_entities load_dtd ", (True,)),
    Switch(_XML, "high", "no_network forbid_dtd forbid_entities forbid_external disable_entities", (False,)),
    Switch(_FRAMES, "medium", "X_FRAME_OPTIONS X-Frame-Options frame_options", ("ALLOWALL", "ALLOW", "ALLOW-FROM *", "ALLOWALL;", None)),
    Switch(_BROWSER, "medium", "content_security_policy x_content_type_options ", (None, False),
           calls="Talisman"),
    Switch(_BROWSER, "medium", "SECURE_CONTENT_TYPE_NOSNIFF SECURE_BROWSER_XSS_FILTER", (False,)),
    Switch(_BROWSER, "low", "X-XSS-Protection", ("0",)),
    Switch(_PRELOAD, "low", "SECURE_HSTS_SECONDS", (0,)),
    Switch(_LINKS, "medium", "follow_symlinks follow_symlink ", (True,), calls="static add_static StaticFiles FileIO"),
    Switch(_LINKS, "low", "show_index autoindex ", (True,), calls="static add_static StaticFiles"),
    Switch(_TYPED, "low", "extra", ("allow",), ends=("Extra.allow",)),
    Switch(_TYPED, "medium", "fields", ("__all__",)),
    Switch(_NAMES, "high", "allow_dotted_names allow_all_attrs allow_public_attrs allow_getattr allow_setattr "
           "allow_delattr", (True,)),
    Switch(_HOSTS, "medium", "ALLOWED_HOSTS allowed_hosts", ("*",)),
    Switch(_PASSWORD, "medium", "NotebookApp.token ServerApp.token ServerApp.password NotebookApp.password", ("",)),
)  # fmt: skip
