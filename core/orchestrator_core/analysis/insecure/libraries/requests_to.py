"""Libraries that go to an address: pages, feeds, hooks, brokers, repositories (CWE-918), and send a browser away (CWE-601)."""

from __future__ import annotations

from orchestrator_core.analysis.insecure.libraries.rows import BY_NAME_ONLY, Sink, Weakness
from orchestrator_core.analysis.insecure.values import HOST

_ASKED = Weakness(
    "chosen-address", 918, "A request goes to an address",
    "Compare the host with a fixed list, and refuse addresses of the local network, before asking.",
)  # fmt: skip
_CONNECTED = Weakness(
    "chosen-address", 918, "A connection goes to an address",
    "Compare the host with a fixed list, and refuse addresses of the local network, before connecting.",
)  # fmt: skip
_SENT_AWAY = Weakness(
    "chosen-redirect", 601, "A redirect goes to an address",
    "Redirect to a fixed path, or accept only addresses without a host.",
)  # fmt: skip

SINKS = (
    Sink(_ASKED, HOST, whole="low", named="url uri source fullurl urls web_path web_paths", calls="""
        tornado.httpclient.AsyncHTTPClient().fetch tornado.httpclient.HTTPClient().fetch tornado.httpclient.HTTPRequest
        newspaper.Article newspaper.build pdfkit.from_url imgkit.from_url
        langchain_community.document_loaders.WebBaseLoader langchain_community.document_loaders.UnstructuredURLLoader
        langchain_community.document_loaders.RecursiveUrlLoader langchain_community.document_loaders.AsyncHtmlLoader
        langchain_community.document_loaders.AsyncChromiumLoader langchain_community.document_loaders.PlaywrightURLLoader
        langchain_community.document_loaders.SeleniumURLLoader langchain.document_loaders.WebBaseLoader
        langchain_community.document_loaders.web_base.WebBaseLoader langchain_community.document_loaders.SitemapLoader
        llama_index.readers.web.SimpleWebPageReader().load_data haystack.components.fetchers.LinkContentFetcher().run
        zeep.Client zeep.AsyncClient suds.client.Client websockets.connect websockets.sync.client.connect websocket.create_connection
        websocket.WebSocketApp websockets.client.connect aiohttp.ClientSession().ws_connect
        urllib.request.build_opener().open urllib.request.OpenerDirector().open urllib3.request urllib3.proxy_from_url
        urllib.request.URLopener().open urllib.request.FancyURLopener().retrieve httplib2.Http().request
        requests_html.HTMLSession().get requests_html.AsyncHTMLSession().get cloudscraper.create_scraper().get
        mechanize.Browser().open mechanize.urlopen robobrowser.RoboBrowser().open mechanicalsoup.StatefulBrowser().open
        trafilatura.fetch_url gdown.download wget.download pooch.retrieve
        git.Repo.clone_from git.Repo().create_remote pygit2.clone_repository dulwich.porcelain.clone
        nltk.data.load         xmlrpc.client.ServerProxy xmlrpclib.ServerProxy jsonrpclib.Server         treq.get treq.post
        treq.request twisted.web.client.getPage twisted.web.client.Agent().request         urlgrabber.urlopen urlgrabber.urlread
        urlgrabber.urlgrab         google.appengine.api.urlfetch.fetch scrapy.Request scrapy.http.Request scrapy.FormRequest
        selenium.webdriver.Chrome().get selenium.webdriver.Firefox().get selenium.webdriver.Remote().get selenium.webdriver.Edge().get
        sseclient.SSEClient aiosseclient.aiosseclient
        """),
    Sink(_ASKED, HOST, whole="low", handed_in="medium", calls=" ".join(
        f"{library}.{verb}"
        for library in ("grequests", "requests_futures.sessions.FuturesSession()", "niquests", "primp", "tls_client.Session()", "rnet",
            "asks",
                        "curl_cffi.requests", "requests_cache.CachedSession()",
                        "cloudscraper.create_scraper()", "requests_html.HTMLSession()", "requests_toolbelt.sessions.BaseUrlSession()")
        for verb in ("get", "post", "put", "head", "delete", "patch")
    )),
    Sink(_ASKED, HOST, whole="low", methods="goto", handed_in="medium"),
    Sink(_ASKED, HOST, whole="low", methods="get", needs="selenium splinter undetected_chromedriver"),
    Sink(_ASKED, HOST, whole="low", methods="visit", needs="splinter"),
    Sink(_ASKED, HOST, whole="low", methods="fetch", needs="tornado", named="request url"),
    Sink(_ASKED, HOST, whole="low", methods="ws_connect"),
    Sink(_ASKED, HOST, whole="low", methods="set_url setUrl", handed_in="low"),
    Sink(_ASKED, HOST, whole="low", methods="download extract_info", needs="yt_dlp youtube_dl"),
    Sink(_ASKED, HOST, whole="low", at=1, methods="setopt", needs="pycurl"),
    Sink(_ASKED, HOST, whole="low", calls="weasyprint.HTML weasyprint.CSS", named="url", at=BY_NAME_ONLY),
    Sink(_ASKED, HOST, whole="low", calls="weasyprint.HTML", handed_in="medium"),
    Sink(_ASKED, HOST, whole="low", at=1, named="url", calls="urllib3.PoolManager().request urllib3.PoolManager().urlopen "
        "httpcore.request requests.Request"),
    # Functions that take a file's name as readily as an address: only what comes from outside is grave.
    Sink(_ASKED, HOST, whole="low", handed_in="low", calls="""
        cv2.VideoCapture pandas.read_csv pandas.read_html pandas.read_json pandas.read_excel pandas.read_xml pandas.read_table
        pandas.read_parquet geopandas.read_file
        polars.read_csv polars.read_parquet polars.read_json lxml.html.parse imageio.imread imageio.v3.imread skimage.io.imread
        ffmpeg.input smart_open.open fsspec.open astropy.io.fits.open intake.open_catalog xarray.open_dataset
        matplotlib.pyplot.imread pydub.AudioSegment.from_file spacy.cli.download torch.hub.download_url_to_file
        torch.hub.load_state_dict_from_url
        keras.utils.get_file tensorflow.keras.utils.get_file pyarrow.fs.FileSystem.from_uri rdflib.Graph().parse owlready2.get_ontology
        sqlalchemy.create_engine         """),
    # Clients of servers: where to is a setting as often as a visitor's wish.
    Sink(_CONNECTED, HOST, handed_in="low", named="host address url endpoint hostname server", calls="""
        smtplib.SMTP smtplib.SMTP_SSL imaplib.IMAP4 imaplib.IMAP4_SSL poplib.POP3 poplib.POP3_SSL ftplib.FTP ftplib.FTP_TLS nntplib.NNTP
        telnetlib.Telnet redis.from_url redis.Redis redis.Redis.from_url redis.StrictRedis aioredis.from_url pymongo.MongoClient
        motor.motor_asyncio.AsyncIOMotorClient elasticsearch.Elasticsearch opensearchpy.OpenSearch pymemcache.Client
        paramiko.Transport paramiko.SSHClient().connect asyncssh.connect fabric.Connection docker.DockerClient ldap.initialize
        ldap3.Server urllib3.HTTPConnectionPool urllib3.HTTPSConnectionPool urllib3.connection_from_url http.client.HTTPConnection
        http.client.HTTPSConnection grpc.insecure_channel grpc.secure_channel kafka.KafkaProducer pika.URLParameters nats.connect
        asyncio.open_connection asyncio.get_event_loop().create_connection anyio.connect_tcp trio.open_tcp_stream socket.create_connection
        snowflake.connector.connect psycopg2.connect psycopg.connect asyncpg.connect pymysql.connect hvac.Client
        gevent.socket.create_connection smbclient.register_session impacket.smbconnection.SMBConnection dns.query.udp
        ntplib.NTPClient().request
        """),
    Sink(_CONNECTED, HOST, at=BY_NAME_ONLY, handed_in="low", named="endpoint_url base_url proxy proxies api_base azure_endpoint base_uri",
         methods="client resource Session Client AsyncClient OpenAI AsyncOpenAI ChatOpenAI Anthropic AzureOpenAI DockerClient get post "
             "request"),
    Sink(_CONNECTED, HOST, methods="connect connect_ex create_connection", needs="socket", handed_in="low"),
    Sink(_CONNECTED, HOST, methods="connect", needs="paramiko zmq paho", handed_in="low", named="hostname"),
    Sink(_CONNECTED, HOST, methods="sendto", needs="socket", at=1, handed_in="low"),
    Sink(_SENT_AWAY, HOST, named="location url path redirect_to", calls="""
        werkzeug.utils.redirect pyramid.httpexceptions.HTTPFound pyramid.httpexceptions.HTTPSeeOther
        pyramid.httpexceptions.HTTPMovedPermanently
        falcon.HTTPFound falcon.HTTPSeeOther falcon.HTTPMovedPermanently falcon.HTTPTemporaryRedirect falcon.HTTPPermanentRedirect
        cherrypy.HTTPRedirect sanic.response.redirect litestar.response.Redirect litestar.response.redirect.Redirect
        aiohttp.web.HTTPSeeOther aiohttp.web.HTTPMovedPermanently aiohttp.web.HTTPTemporaryRedirect aiohttp.web.HTTPPermanentRedirect
        bottle.redirect web.seeother web.redirect web.found quart.redirect blacksheep.redirect microdot.redirect
        webob.exc.HTTPFound webob.exc.HTTPSeeOther emmett.redirect masonite.response.redirect         """),
)  # fmt: skip
