/** HTTP clients, sockets and the protocols on top of them: they stall the loop for as long as a network takes. */
import { blocking, each, names, type Part, twins } from "./define";

const VERBS = "get options head post put patch delete request";
/** Without a host the constructor does nothing yet. */
const CONNECTS = { note: "the constructor connects", needsArguments: true };
const SMTP = "connect sendmail send_message login auth starttls ehlo helo noop quit verify docmd";
const FTP = `connect login sendcmd voidcmd retrbinary retrlines storbinary storlines transfercmd nlst dir mlsd cwd
  mkd rmd pwd delete rename size quit`;
const IMAP = `login authenticate select search fetch store copy append create delete rename list lsub
  status expunge uid noop logout starttls idle`;
const POP = "user pass_ stat list retr dele top uidl noop rset quit stls";
const SFTP = `get getfo put putfo open file stat lstat listdir listdir_attr listdir_iter mkdir rmdir remove unlink
  rename posix_rename chmod chown utime truncate symlink readlink normalize chdir`;

/** What AWS's clients do without asking anybody; all their other methods, thousands of them, send a request. */
const AWS_LOCAL =
  "can_paginate close generate_presigned_url generate_presigned_post get_available_subresources";

export const http: Part = {
  blocking: [
    ...twins("blocking-http", "requests.", VERBS, "httpx.AsyncClient."),
    ...twins("blocking-http", "requests.Session.", VERBS, "httpx.AsyncClient."),
    ...blocking("blocking-http", "requests.Session.", "send"),
    ...blocking("blocking-http", "requests.Response.", "iter_content iter_lines", { lazy: true }),
    ...twins("blocking-http", "httpx.", `${VERBS} stream`, "httpx.AsyncClient."),
    ...twins("blocking-http", "httpx.Client.", `${VERBS} send stream`, "httpx.AsyncClient."),
    ...blocking("blocking-http", "urllib.request.", "urlopen urlretrieve OpenerDirector.open"),
    ...blocking("blocking-http", "urllib3.", "request"),
    ...blocking(
      "blocking-http",
      "urllib3.PoolManager.",
      "request urlopen request_encode_url request_encode_body",
    ),
    ...blocking("blocking-http", "urllib3.HTTPConnectionPool.", "request urlopen request_encode_url"),
    ...blocking(
      "blocking-http",
      "http.client.HTTPConnection.",
      "connect request getresponse endheaders send",
    ),
    ...blocking("blocking-http", "http.client.HTTPResponse.", "read read1 readinto readline"),
    ...blocking(
      "blocking-http",
      "openai._Resource.",
      "create parse stream generate edit list retrieve delete",
    ),
    ...blocking("blocking-http", "boto3._Client.", "*"),
    ...blocking(
      "blocking-http",
      "boto3._",
      "Paginator.paginate Collection.all Collection.filter Collection.limit",
      {
        lazy: true,
      },
    ),
    ...blocking("blocking-http", "boto3._", "Collection.__iter__ Collection.delete Waiter.wait"),
    ...blocking("blocking-http", "xmlrpc.client.ServerProxy.", "*"),
  ],
  returns: {
    "requests.session": "requests.Session",
    // `client.chat.completions.create()`: whatever is between the client and the verb.
    "openai.OpenAI.__getattr__": "openai._Resource",
    "openai._Resource.__getattr__": "openai._Resource",
    "openai.OpenAI.with_options": "Self",
    ...each("boto3.", "client resource session.Session.client session.Session.resource", "boto3._Client"),
    ...each("boto3._Client.", "Table Bucket Object Queue Topic Instance", "boto3._Client"),
    ...each("boto3._Client.", AWS_LOCAL, "None"),
    "boto3._Client.get_paginator": "boto3._Paginator",
    "boto3._Client.get_waiter": "boto3._Waiter",
    "boto3._Client.exceptions": "boto3._Exceptions",
    "boto3._Client.meta": "boto3._Meta",
    "boto3._Meta.client": "boto3._Client",
    ...each("boto3._Client.", "objects object_versions buckets instances tables queues", "boto3._Collection"),
    ...each("boto3._Paginator.", "paginate", "Iterator[dict]"),
    ...each("boto3._Collection.", "all filter limit", "Iterator[boto3._Client]"),
    "xmlrpc.client.ServerProxy.__getattr__": "xmlrpc.client.ServerProxy",
    ...each("requests.", VERBS, "requests.Response"),
    ...each("requests.Session.", `${VERBS} send`, "requests.Response"),
    ...each("httpx.", VERBS, "httpx.Response"),
    ...each("httpx.Client.", `${VERBS} send`, "httpx.Response"),
    ...each("httpx.AsyncClient.", `${VERBS} send`, "httpx.Response"),
    "urllib.request.build_opener": "urllib.request.OpenerDirector",
    "urllib.request.urlopen": "http.client.HTTPResponse",
    "urllib3.connection_from_url": "urllib3.HTTPConnectionPool",
    "http.client.HTTPConnection.getresponse": "http.client.HTTPResponse",
    "aiohttp.ClientSession.get": "aiohttp.ClientResponse",
  },
  bases: {
    ...each("", "openai.AzureOpenAI anthropic.Anthropic groq.Groq mistralai.Mistral", ["openai.OpenAI"]),
    "urllib3.ProxyManager": ["urllib3.PoolManager"],
    "urllib3.HTTPSConnectionPool": ["urllib3.HTTPConnectionPool"],
    "http.client.HTTPSConnection": ["http.client.HTTPConnection"],
    "requests_cache.CachedSession": ["requests.Session"],
  },
  aliases: {
    "requests.api": "requests",
    "boto3.Session": "boto3.session.Session",
    "requests.sessions": "requests",
    "requests.models": "requests",
    "httpx._api": "httpx",
    "httpx._client": "httpx",
    httpx2: "httpx",
    "urllib3.poolmanager": "urllib3",
    "urllib3.connectionpool": "urllib3",
  },
  coroutines: [
    ...names("httpx.AsyncClient.", `${VERBS} send aclose`),
    ...names("aiohttp.ClientResponse.", "text json read"),
    "aiohttp.ClientSession.close",
  ],
};

export const socket: Part = {
  blocking: [
    ...blocking(
      "blocking-socket",
      "socket.socket.",
      `connect connect_ex accept recv recv_into recvfrom recvfrom_into recvmsg recvmsg_into send sendall sendto
       sendmsg sendfile`,
    ),
    ...blocking("blocking-socket", "socket.", "create_connection", {
      replacement: "asyncio.open_connection",
    }),
    ...blocking("blocking-socket", "socket.", "gethostbyname gethostbyname_ex gethostbyaddr getfqdn"),
    ...blocking("blocking-socket", "socket.", "getnameinfo", {
      replacement: "asyncio.AbstractEventLoop.getnameinfo",
      unless: [{ position: 1, values: ["NI_NUMERICHOST"] }],
    }),
    ...blocking("blocking-socket", "socket.", "getaddrinfo", {
      replacement: "asyncio.AbstractEventLoop.getaddrinfo",
      // An address is only taken apart.
      unless: [{ keyword: "flags", position: 5, values: ["AI_NUMERICHOST"] }],
    }),
    ...blocking("blocking-socket", "ssl.SSLSocket.", "do_handshake read write unwrap"),
    ...blocking("blocking-socket", "ssl.", "get_server_certificate"),
    ...blocking("blocking-socket", "socketserver.BaseServer.", "serve_forever handle_request"),
    ...blocking("blocking-socket", "smtplib.SMTP.", SMTP),
    ...blocking("blocking-socket", "smtplib.", "SMTP SMTP_SSL", CONNECTS),
    ...blocking("blocking-socket", "ftplib.", "FTP FTP_TLS", CONNECTS),
    ...blocking("blocking-socket", "ftplib.FTP.", FTP),
    ...blocking("blocking-socket", "imaplib.", "IMAP4 IMAP4_SSL", { note: "the constructor connects" }),
    ...blocking("blocking-socket", "imaplib.IMAP4.", IMAP),
    ...blocking("blocking-socket", "poplib.", "POP3 POP3_SSL", { note: "the constructor connects" }),
    ...blocking("blocking-socket", "poplib.POP3.", POP),
    ...blocking("blocking-socket", "paramiko.SSHClient.", "connect exec_command open_sftp invoke_shell"),
    ...blocking("blocking-socket", "paramiko.SFTPClient.", SFTP),
    ...blocking("blocking-socket", "paramiko.ChannelFile.", "read readline readlines __iter__"),
    ...blocking("blocking-socket", "paramiko.Channel.", "recv recv_exit_status send sendall exec_command"),
    ...blocking("blocking-socket", "paramiko.", "Transport", { note: "the constructor connects" }),
    ...blocking("blocking-socket", "paramiko.Transport.", "connect start_client open_session auth_password"),
    ...blocking("blocking-socket", "websocket.", "create_connection"),
    ...blocking("blocking-socket", "websocket.WebSocket.", "connect recv send ping"),
    ...blocking("blocking-socket", "websockets.sync.client.", "connect"),
    ...blocking("blocking-socket", "websockets.sync.connection.Connection.", "recv send ping __iter__"),
    ...blocking("blocking-socket", "dns.resolver.", "resolve query Resolver.resolve Resolver.query"),
  ],
  returns: {
    "socket.create_connection": "socket.socket",
    "socket.create_server": "socket.socket",
    "wsgiref.simple_server.make_server": "wsgiref.simple_server.WSGIServer",
    "socket.fromfd": "socket.socket",
    "socket.socketpair": "tuple[socket.socket, socket.socket]",
    "socket.socket.accept": "tuple[socket.socket, object]",
    "socket.socket.dup": "socket.socket",
    "ssl.SSLContext.wrap_socket": "ssl.SSLSocket",
    "ssl.create_default_context": "ssl.SSLContext",
    // Without a connection to set up, and with nothing to wait for.
    ...each("socket._DatagramSocket.", "connect send sendto", "int"),
    "paramiko.SSHClient.open_sftp": "paramiko.SFTPClient",
    "paramiko.SSHClient.exec_command":
      "tuple[paramiko.ChannelFile, paramiko.ChannelFile, paramiko.ChannelFile]",
    "paramiko.ChannelFile.channel": "paramiko.Channel",
    "paramiko.SSHClient.invoke_shell": "paramiko.Channel",
    "paramiko.SSHClient.get_transport": "paramiko.Transport",
    "paramiko.SFTPClient.from_transport": "paramiko.SFTPClient",
    "websocket.create_connection": "websocket.WebSocket",
    "websockets.sync.client.connect": "websockets.sync.connection.Connection",
  },
  bases: {
    "socket.socket": [],
    "ssl.SSLSocket": ["socket.socket"],
    "socket._DatagramSocket": ["socket.socket"],
    "smtplib.SMTP_SSL": ["smtplib.SMTP"],
    "smtplib.LMTP": ["smtplib.SMTP"],
    "ftplib.FTP_TLS": ["ftplib.FTP"],
    "imaplib.IMAP4_SSL": ["imaplib.IMAP4"],
    "poplib.POP3_SSL": ["poplib.POP3"],
    "socketserver.TCPServer": ["socketserver.BaseServer"],
    "socketserver.UDPServer": ["socketserver.TCPServer"],
    "wsgiref.simple_server.WSGIServer": ["http.server.HTTPServer"],
    "http.server.HTTPServer": ["socketserver.TCPServer"],
    "http.server.ThreadingHTTPServer": ["http.server.HTTPServer"],
  },
  aliases: {
    "paramiko.client": "paramiko",
    "paramiko.sftp_client": "paramiko",
    "paramiko.transport": "paramiko",
    "websockets.sync.client.ClientConnection": "websockets.sync.connection.Connection",
  },
};
