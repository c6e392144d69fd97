"""Calls that are weak whatever they are given."""

from __future__ import annotations

from orchestrator_core.analysis.insecure.libraries.rows import Danger, Weakness

_CODE = Weakness(
    "code-in-data", 502, "This format can run code while it is read",
    "Read data with json, msgpack or another format that holds no code; verify a signature where it must stay.",
)  # fmt: skip
_MODEL = Weakness(
    "code-in-data", 502, "A model file of this kind may hold code that runs while it is read",
    "Load files of known origin only, or use safetensors or ONNX.",
)  # fmt: skip
_SERVED = Weakness(
    "open-service", 306, "Whoever reaches this service may run code or call anything",
    "Let only named methods be called, and ask who calls.",
)  # fmt: skip
_CERTIFICATE = Weakness(
    "unchecked-certificate", 295, "The other end's certificate is not checked",
    "Leave certificate and host name checks on; for an own authority pass its file.",
)  # fmt: skip
_WARNINGS = Weakness(
    "muted-warnings", 295, "Warnings about unchecked certificates are muted", "Check the certificates instead."
)
_PLAIN = Weakness("plain-transport", 319, "What is sent here travels unencrypted", "Use TLS for this connection.")
_ENTITIES = Weakness("xml-entities", 611, "This parser resolves entities", "Parse with defusedxml.")
_DETAILS = Weakness(
    "error-details", 209, "Visitors are shown the details of errors", "Log the error; answer with a plain message."
)
_PUBLIC = Weakness("open-to-all", 732, "Everybody may read what is stored here", "Name who may, or sign an address.")
_UNSIGNED = Weakness(
    "unverified-token",
    347,
    "A token is read without verifying its signature",
    "Use the method that verifies: loads, decode.",
)
_LISTENER = Weakness(
    "open-service",
    94,
    "Whoever reaches this port may send settings that run code",
    "Verify what is sent: listen(verify=...).",
)
_LISTING = Weakness(
    "listed-folder", 548, "A folder with all its files is served", "Serve named files only, from a folder of their own."
)
_FRAMES = Weakness("page-in-frames", 1021, "Any site may show this page in a frame", "Leave the protection on.")
_TRACE = Weakness("unread-memory", 125, "Memory is read or written by address", "Keep to Python's own buffers.")
_SHARED = Weakness(
    "open-service", 306, "A public address is made for this service", "Leave share off, or ask for a password."
)
_CSRF = Weakness("forged-requests", 352, "Requests forged by other sites are accepted", "Leave CSRF protection on.")

DANGERS = (
    Danger(_CODE, "high", """
        pickle.Unpickler().load cPickle.Unpickler _pickle.Unpickler dill.Unpickler().load dill.load_session dill.load_module
        cloudpickle.load compress_pickle.load compress_pickle.loads compressed_pickle.load hickle.load
        twisted.spread.jelly.unjelly twisted.persisted.sob.load pandas.io.pickle.read_pickle
        pyarrow.deserialize pyarrow.deserialize_components pyarrow.serialization.deserialize ray.cloudpickle.loads ray.cloudpickle.load
        django.contrib.sessions.serializers.PickleSerializer().loads
        sqlalchemy.ext.serializer.loads jsonpickle.Unpickler
        jsonpickle.unpickler.Unpickler zodbpickle.loads camel.Camel().load joblib.numpy_pickle.load
        torch.package.PackageImporter distributed.protocol.pickle.loads distributed.protocol.deserialize

        """),
    Danger(_CODE, "medium", """
        pandas.read_hdf pandas.HDFStore rpyc.SlaveService rpyc.classic.connect_thread rpyc.classic.factory
        diskcache.Cache().get ZODB.DB ZODB.FileStorage.FileStorage
        """),
    Danger(_MODEL, "medium", """
        mlflow.pyfunc.load_model mlflow.sklearn.load_model mlflow.pytorch.load_model mlflow.spark.load_model mlflow.keras.load_model
        gensim.models.Word2Vec.load gensim.models.Doc2Vec.load gensim.models.FastText.load gensim.models.KeyedVectors.load
        gensim.utils.unpickle gensim.models.LdaModel.load gensim.corpora.Dictionary.load fastai.learner.load_learner
        fastai.vision.all.load_learner fastai.basics.load_learner flair.models.SequenceTagger.load stable_baselines3.PPO.load
        stable_baselines3.DQN.load stable_baselines3.A2C.load pycaret.classification.load_model
        surprise.dump.load statsmodels.iolib.smpickle.load_pickle
        ultralytics.YOLO pytorch_lightning.LightningModule.load_from_checkpoint autogluon.tabular.TabularPredictor.load
        allennlp.models.archival.load_archive
        """),
    Danger(_MODEL, "low", "spacy.load tensorflow.saved_model.load tensorflow_hub.load xgboost.Booster torch.jit.load "
        "keras.models.model_from_json "
           "tensorflow.keras.models.model_from_json keras.models.model_from_yaml "),
    Danger(_MODEL, "medium", methods="load_from_checkpoint restore_from"),
    Danger(_SERVED, "medium", "rpyc.utils.server.ForkingServer multiprocessing.managers.SyncManager().get_server",
        unless="authkey authenticator"),
    Danger(_SERVED, "low", "multiprocessing.managers.BaseManager multiprocessing.connection.Listener", unless="127.0.0.1"),
    Danger(_ENTITIES, "medium", """
        xmlrpc.server.SimpleXMLRPCServer SimpleXMLRPCServer.SimpleXMLRPCServer xmlrpc.server.DocXMLRPCServer
        xmlrpc.server.SimpleXMLRPCDispatcher
        untangle.parse xml.dom.expatbuilder.parseString xml.dom.expatbuilder.parseFragment
        xmlrpc.client.loads xmlrpclib.loads
        """, unless="monkey_patch"),
    Danger(_ENTITIES, "low", "pandas.read_xml"),
    Danger(_ENTITIES, "medium", methods="xinclude", needs="lxml"),
    Danger(_CERTIFICATE, "high", """
        pyVim.connect.SmartConnectNoSSL SmartConnectNoSSL

        """),
    Danger(_WARNINGS, "low", """
        urllib3.disable_warnings requests.packages.urllib3.disable_warnings urllib3.exceptions.disable_warnings
        """),
    Danger(_PLAIN, "medium", methods="pass_ apop", needs="poplib", unless="stls POP3_SSL"),
    Danger(_PLAIN, "medium", """
        nntplib.NNTP telnetlib3.open_connection tftpy.TftpClient tftpy.TftpServer
        aioftp.Client pyftpdlib.servers.FTPServer pyftpdlib.handlers.FTPHandler
        """, unless="TLS_FTPHandler"),
    Danger(_DETAILS, "medium", "cgitb.enable cgitb.handler werkzeug.debug.DebuggedApplication"),
    Danger(_PUBLIC, "medium", methods="make_public"),
    Danger(_UNSIGNED, "high", methods="loads_unsafe load_unsafe"),
    Danger(_UNSIGNED, "high", "python_jwt.process_jwt "),
    Danger(_LISTENER, "medium", "logging.config.listen", unless="verify"),
    Danger(_LISTING, "low", "http.server.SimpleHTTPRequestHandler http.server.CGIHTTPRequestHandler "),
    Danger(_FRAMES, "medium", methods="xframe_options_exempt"),
    Danger(_TRACE, "low", "ctypes.string_at ctypes.wstring_at ctypes.memmove ctypes.memset "),
    Danger(_CSRF, "medium", "flask_wtf.csrf.CSRFProtect().exempt flask_wtf.CSRFProtect().exempt"),
    Danger(_SHARED, "low", "pyngrok.ngrok.connect flask_ngrok.run_with_ngrok", unless="auth basic_auth"),
)  # fmt: skip
