"""Libraries that run a text: as commands, as code, as a query, as a template, as markup."""

from __future__ import annotations

from orchestrator_core.analysis.insecure.libraries.rows import BY_NAME_ONLY, EVERY, Sink, Weakness
from orchestrator_core.analysis.insecure.values import CODE, HTML, LDAP, LINE, NOSQL, SHELL, SQL, TEMPLATE, XPATH

_COMMAND = Weakness(
    "shell-command", 78, "A shell runs a text",
    "Give the program and its arguments as a list, without a shell; quote with shlex.quote what must pass through one.",
)  # fmt: skip
_DEVICE = Weakness("device-command", 77, "A device runs a text as a command", "Choose the command from a fixed list.")
_PYTHON = Weakness(
    "evaluated-text", 95, "Code is run from a text",
    "Parse data with json or ast.literal_eval; choose actions from a dictionary of functions.",
)  # fmt: skip
_MODULE = Weakness("chosen-module", 470, "Which module is loaded is a text", "Look the name up in a fixed dictionary.")
_FUNCTION = Weakness("chosen-function", 470, "Which attribute is used is a text", "Look it up in a fixed dictionary.")
_NATIVE = Weakness("chosen-library", 114, "Which library of machine code is loaded is a text", "Load fixed files only.")
_LOGGERS = Weakness(
    "logging-settings", 94, "Settings of logging can call any function, and here are a text",
    "Keep the settings in the program.",
)  # fmt: skip
_REMOTE = Weakness(
    "remote-code",
    494,
    "Code from a repository that a text names is run",
    "Name a repository and a revision that was read.",
)
_SCRIPT = Weakness(
    "page-script", 95, "A script is put together from a text and run in a page",
    "Keep the script constant and pass values as its arguments.",
)  # fmt: skip
_TEMPLATE = Weakness(
    "template-text", 1336, "A template is made from a text",
    "Keep the template constant and pass values to it; a stranger's template needs a sandbox.",
)  # fmt: skip
_PAGE = Weakness(
    "template-name", 73, "Which template is shown is a text", "Choose the template's name from a fixed list."
)
_SQL = Weakness(
    "sql-text", 89, "A query is put together from a text",
    "Keep the query constant and bind values as parameters; choose names of tables and columns from a fixed list.",
)  # fmt: skip
_QUERY = Weakness(
    "query-text",
    943,
    "A query is put together from a text",
    "Keep the query constant and pass values as its parameters.",
)
_MARKUP = Weakness(
    "page-text", 79, "A page is made with a text", "Escape it with markupsafe.escape or html.escape, or use a template."
)
_XSLT = Weakness("chosen-stylesheet", 91, "A stylesheet that runs is a text", "Keep the stylesheet in the program.")
_LINE = Weakness(
    "protocol-line", 93, "A command of a protocol holds a text that may end its line",
    "Refuse values with \\r or \\n, or use a library's function that quotes them.",
)  # fmt: skip
_PROMPT_TOOL = Weakness(
    "evaluated-text",
    95,
    "What runs here as code is a text",
    "Run it in a sandbox, or choose actions from a fixed list.",
)

SINKS = (
    Sink(_COMMAND, SHELL, calls="""
        delegator.run delegator.chain sarge.run sarge.capture_stdout sarge.capture_both sarge.get_stdout sarge.get_both sarge.Command
        sarge.shell_format envoy.run asyncssh.connect().run asyncssh.connect().create_process fabric.Connection().sudo
        fabric2.Connection().local fabric.Connection().run fabric.api.execute winrm.Session().run_cmd winrm.Session().run_ps
        ctypes.CDLL().system ctypes.cdll.LoadLibrary().system ctypes.cdll.msvcrt.system ctypes.PyDLL().system         nt.system
        posix.system pexpect.runu pexpect.spawnu pexpect.popen_spawn.PopenSpawn wexpect.spawn popen2.popen4
        pipes.Template().append pipes.Template().prepend IPython.get_ipython().system IPython.get_ipython().getoutput
        get_ipython().system get_ipython().getoutput pssh.clients.ParallelSSHClient().run_command
        spur.SshShell().run jumpssh.SSHSession().run_cmd asyncio.subprocess.create_subprocess_shell
        anyio.open_process trio.open_process sh.bash sh.sh sh.zsh subprocess32.getoutput os.popen4 testinfra.get_host().run
        """, named="command cmd"),
    Sink(_COMMAND, SHELL, calls="sh.bash sh.sh sh.zsh sh.Command plumbum.cmd.bash plumbum.cmd.sh", at=EVERY),
    Sink(_COMMAND, SHELL, methods="subprocess_shell", at=1, named="cmd"),
    Sink(_COMMAND, SHELL, methods="run run_command create_process sudo execute send_cmd", named="command cmd",
         needs="asyncssh fabric fabric2 pssh spur jumpssh asyncssh e2b modal", handed_in="medium"),
    Sink(_COMMAND, SHELL, methods="send sendline", needs="paramiko pexpect pexpect.pxssh wexpect"),
    Sink(_COMMAND, SHELL, methods="new", needs="crontab", at=BY_NAME_ONLY, named="command"),
    Sink(_COMMAND, SHELL, calls="""
        airflow.operators.bash.BashOperator airflow.operators.bash_operator.BashOperator airflow.providers.ssh.operators.ssh.SSHOperator
        airflow.providers.standard.operators.bash.BashOperator airflow.contrib.operators.ssh_operator.SSHOperator
        """, at=BY_NAME_ONLY, named="bash_command command"),
    Sink(_DEVICE, SHELL, methods="send_command send_config_set send_command_timing send_configs send_commands cli send_config",
         needs="netmiko scrapli napalm nornir nornir_netmiko ncclient"),
    Sink(_PYTHON, CODE, calls="""
        code.InteractiveConsole().push code.InteractiveConsole().runsource code.InteractiveConsole().runcode
        code.InteractiveInterpreter().runcode codeop.compile_command code.compile_command cProfile.run cProfile.runctx profile.run
        profile.runctx pdb.run pdb.runeval trace.Trace().run timeit.repeat timeit.Timer bdb.Bdb().run         sympy.parse_expr
        sympy.S sympy.parsing.sympy_parser.parse_expr sympy.parsing.mathematica.parse_mathematica
        pandas.eval numexpr.re_evaluate js2py.eval_js js2py.EvalJs().execute js2py.EvalJs().eval execjs.eval execjs.compile
        quickjs.Context().eval quickjs.Function dukpy.evaljs py_mini_racer.MiniRacer().eval py_mini_racer.MiniRacer().execute
        py_mini_racer.MiniRacer().call py_mini_racer.py_mini_racer.MiniRacer().eval STPyV8.JSContext().eval hy.eval hy.read_str
        lupa.LuaRuntime().execute lupa.LuaRuntime().eval rpy2.robjects.r oct2py.Oct2Py().eval oct2py.octave.eval
        matlab.engine.start_matlab().eval IPython.get_ipython().run_cell get_ipython().run_cell get_ipython().run_line_magic
        gdb.execute idc.eval_idc vim.eval vim.command asteval.Interpreter().eval asteval.Interpreter().run
        pyspark.sql.functions.expr polars.sql_expr
        js2py.translate_js sage.all.sage_eval xonsh.main.execx
        """, named="source code expr cmd statement stmt s"),
    Sink(_PYTHON, CODE, calls="""
        _xxsubinterpreters.run_string _xxinterpchannels.run_string _interpreters.run_string _interpreters.exec sympy.lambdify
        sympy.utilities.lambdify.lambdify test.support.run_in_subinterp
        """, at=1, named="script expr"),
    Sink(_PYTHON, CODE, calls="_testcapi.run_in_subinterp interpreters.create().exec"),
    Sink(_PROMPT_TOOL, CODE, calls="""
        langchain_experimental.utilities.PythonREPL().run langchain.utilities.PythonREPL().run PythonREPL().run
        langchain_experimental.tools.PythonREPLTool().run langchain_experimental.utilities.python.PythonREPL().run
        langchain_experimental.tools.PythonAstREPLTool().run langchain_community.tools.ShellTool().run
        langchain_experimental.tools.PythonREPLTool().invoke langchain_community.tools.ShellTool().invoke
        autogen.code_utils.execute_code
        """),
    Sink(_SCRIPT, CODE, methods="execute_script execute_async_script evaluate_js evaluate_handle add_script_tag run_javascript",
         whole="low"),
    Sink(_SCRIPT, CODE, methods="evaluate add_init_script eval_on_selector", needs="playwright pyppeteer webview", whole="low"),
    Sink(_MODULE, CODE, calls="""
        runpy.run_path runpy.run_module imp.load_source imp.load_module imp.load_dynamic imp.load_compiled imp.find_module
        pkgutil.resolve_name pydoc.locate pydoc.safeimport
        django.utils.module_loading.import_string werkzeug.utils.import_string zope.dottedname.resolve.resolve
        hydra.utils.get_class hydra.utils.get_method hydra.utils.instantiate paste.deploy.loadapp stevedore.driver.DriverManager
        twisted.python.reflect.namedAny twisted.python.reflect.namedModule celery.utils.imports.symbol_by_name
        """, handed_in="low"),
    Sink(_MODULE, CODE, at=1, named="location path", handed_in="low", calls="""
        importlib.util.spec_from_file_location importlib.machinery.SourceFileLoader imp.load_source imp.load_dynamic
        importlib.machinery.ExtensionFileLoader importlib.machinery.SourcelessFileLoader
        """),
    Sink(_REMOTE, CODE, calls="pip.main pip._internal.main pip._internal.cli.main.main", handed_in="low"),
    Sink(_FUNCTION, CODE, calls="operator.attrgetter operator.methodcaller", handed_in="low"),
    Sink(_NATIVE, CODE, handed_in="low", calls="""
        ctypes.CDLL ctypes.PyDLL ctypes.WinDLL ctypes.OleDLL ctypes.cdll.LoadLibrary ctypes.windll.LoadLibrary cffi.FFI().dlopen
        numpy.ctypeslib.load_library ctypes.LibraryLoader().LoadLibrary
        """),
    Sink(_LOGGERS, CODE, calls="logging.config.dictConfig logging.config.fileConfig", handed_in="low"),
    Sink(_REMOTE, CODE, calls="torch.hub.load torch.hub.load_state_dict_from_url gradio.load", handed_in="low"),
    Sink(_TEMPLATE, TEMPLATE, named="template source template_string text", calls="""
        chameleon.PageTemplate chameleon.PageTextTemplate chameleon.PageTemplateFile genshi.template.MarkupTemplate
        genshi.template.TextTemplate genshi.template.NewTextTemplate Cheetah.Template.Template web.template.Template
        airspeed.Template pystache.render pystache.Renderer().render pybars.Compiler().compile liquid.Template liquid.from_string
        kajiki.XMLTemplate kajiki.TextTemplate tenjin.Engine().render quik.Template trender.Template bottle.jinja2_template
        bottle.mako_template bottle.cheetah_template bottle.SimpleTemplate web.template.frender string.Formatter().format
        django.template.Engine().from_string django.template.engine.Engine().from_string jinja2.environment.Template
        jinja2.nativetypes.NativeTemplate mako.template.DefTemplate chevron.renderer.render quart.render_template_string
        ansible.template.Templar().template flask.stream_template_string tornado.template.Template
        wheezy.template.engine.Engine().compile_template evoque.template.Template jinjasql.JinjaSql().prepare_query
        """),
    Sink(_PAGE, TEMPLATE, handed_in="low", calls="""
        flask.render_template render_template quart.render_template django.shortcuts.render_to_string
        django.template.loader.get_template django.template.loader.render_to_string jinja2.Environment().get_template
        mako.lookup.TemplateLookup().get_template
        """),
    Sink(_SQL, SQL, whole="low", calls="""
        peewee.SQL peewee.RawQuery duckdb.execute duckdb.connect().sql clickhouse_connect.get_client().command
        clickhouse_connect.get_client().query clickhouse_connect.get_client().query_df google.cloud.bigquery.Client().query
        sqlalchemy.sql.literal_column sqlalchemy.column sqlalchemy.sql.text sqlalchemy.DDL sqlmodel.text
        pandas.io.sql.read_sql polars.read_database polars.read_database_uri polars.SQLContext().execute pandasql.sqldf
        dask.dataframe.read_sql_query
        pyodbc.connect().execute pony.orm.raw_sql pony.orm.select web.database().query records.Database().query
        dataset.connect().query psycopg2.extensions.AsIs psycopg2.sql.SQL psycopg.sql.SQL datafusion.SessionContext().sql
        django.db.connection.cursor().callproc aiosqlite.connect().execute snowflake.snowpark.Session().sql
        vertica_python.connect().cursor().execute
        """, named="sql query"),
    Sink(_SQL, SQL, methods="execute_async executescript raw_sql exec_immediate execute_string do_query run_sql execute_raw query_raw",
         named="sql query command", whole="low"),
    Sink(_SQL, SQL, methods="query_raw execute_raw query_first", needs="prisma"),
    Sink(_SQL, SQL, named="Sql sql Statement QueryString SQL Expression FilterExpression KeyConditionExpression", at=BY_NAME_ONLY,
         whole="low",
         methods="execute_statement start_query_execution batch_execute_statement select_object_content start_query scan query"),
    Sink(_QUERY, NOSQL, whole="low", calls="""
        redis.Redis().eval redis.StrictRedis().eval redis.Redis().register_script redis.from_url().eval redis.asyncio.Redis().eval
        rdflib.Graph().query rdflib.Graph().update SPARQLWrapper.SPARQLWrapper().setQuery influxdb.InfluxDBClient().query
        influxdb_client.InfluxDBClient().query_api().query neo4j.GraphDatabase.driver().session().run py2neo.Graph().run
        gremlin_python.driver.client.Client().submit arango.ArangoClient().db().aql.execute gql.gql graphql.parse
        """),
    Sink(_QUERY, NOSQL, methods="eval register_script", needs="redis aioredis", whole="low"),
    Sink(_QUERY, NOSQL, methods="setQuery", whole="low"),
    Sink(_QUERY, NOSQL, methods="run execute_read execute_query", needs="neo4j py2neo neomodel", whole="low"),
    Sink(_QUERY, NOSQL, methods="query query_items update submit", needs="rdflib influxdb influxdb_client gremlin_python azure.cosmos",
         whole="low", named="query"),
    Sink(_QUERY, XPATH, calls="elementpath.select elementpath.XPath2Parser saxonche.PySaxonProcessor().new_xquery_processor",
         at=1),
    Sink(_QUERY, LDAP, methods="search_subtree_s read_s modify_s delete_s add_s compare_s", needs="ldap", whole="low"),
    Sink(_MARKUP, HTML, whole="low", calls="""
        IPython.display.HTML IPython.core.display.HTML sanic.response.html nicegui.ui.html nicegui.ui.add_head_html
        streamlit.components.v1.html streamlit.html panel.pane.HTML gradio.HTML folium.Popup folium.IFrame folium.Html bokeh.models.Div
        dash_dangerously_set_inner_html.DangerouslySetInnerHTML reportlab.platypus.Paragraph weasyprint.HTML pywebio.output.put_html
        starlette.responses.HTMLResponse fastapi.responses.HTMLResponse         blacksheep.html dominate.util.raw dominate.raw
        yattag.Doc().asis
        markdown2.Markdown         wtforms.widgets.HTMLString wtforms.widgets.core.HTMLString genshi.Markup genshi.core.Markup
        webhelpers.html.literal
        """, named="string html body content data text"),
    Sink(_MARKUP, HTML, methods="asis put_html add_head_html setHtml setHTML SetPage", whole="low"),
    Sink(_XSLT, HTML, calls="lxml.etree.XSLT", handed_in="low"),
    Sink(_LINE, LINE, methods="sendcmd voidcmd storlines retrlines retrbinary storbinary putcmd docmd", needs="ftplib smtplib",
         whole="low", handed_in="low"),
    Sink(_LINE, LINE, methods="search fetch store select uid", needs="imaplib", at=EVERY, whole="low"),
)  # fmt: skip
