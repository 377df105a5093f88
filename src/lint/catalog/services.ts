/** Clients of services: search engines, clouds, containers, brokers, browsers. Each call is a round trip. */
import { blocking, each, type Part } from "./define";
import type { ArgumentIs } from "./types";

const request = (prefix: string, list: string, extra = {}) => blocking("blocking-http", prefix, list, extra);
const roundTrip = (prefix: string, list: string, extra = {}) =>
  blocking("blocking-socket", prefix, list, extra);

const SEARCH = `search index get create update delete bulk count exists mget msearch scroll update_by_query delete_by_query
  reindex get_source info ping`;
const STRIPE =
  `Charge Customer PaymentIntent PaymentMethod Subscription Invoice Refund Product Price Event Payout
  checkout.Session billing_portal.Session`.split(/\s+/);
const SLACK = `api_call auth_test chat_postMessage chat_postEphemeral chat_update chat_delete conversations_list
  conversations_history conversations_info conversations_replies conversations_open conversations_members
  files_upload files_upload_v2 reactions_add users_info users_list users_lookupByEmail views_open views_publish
  views_update`;
const MINIO = `put_object get_object fput_object fget_object remove_object stat_object copy_object bucket_exists make_bucket
  list_buckets remove_bucket`;
const BLOB = `upload_from_filename upload_from_string upload_from_file download_to_filename download_to_file
  download_as_bytes download_as_text download_as_string exists delete reload compose rewrite make_public`;
const CONTAINER = `start stop kill restart remove wait logs exec_run reload stats top put_archive get_archive commit`;
const COLLECTION = "run get list create pull push build prune remove";
const ELEMENT = "click send_keys clear submit find_element find_elements get_attribute screenshot";
const BROWSER = `get find_element find_elements execute_script execute_async_script quit close refresh back forward
  save_screenshot get_screenshot_as_png get_screenshot_as_file get_screenshot_as_base64`;
const GIT =
  "clone fetch pull push checkout commit merge rebase reset status diff log add branch tag show execute";
const CHANNEL = `basic_publish basic_get basic_ack basic_nack basic_reject basic_qos queue_declare queue_bind queue_delete
  queue_purge exchange_declare exchange_delete start_consuming consume close`;
const MQTT = "connect reconnect loop loop_forever";
const ZOO = "start stop get set create delete get_children exists ensure_path";
const SERIAL = "read readline readlines read_until read_all write flush __iter__";

/** `list_namespaced_pod`, `read_namespaced_config_map`, …: the method of a client of Kubernetes is a verb and a kind. */
const kinds = (verbs: string, list: string) =>
  list.split(" ").flatMap((kind) => verbs.split(" ").map((verb) => `${verb}_namespaced_${kind}`));
const VERBS = "list read create delete patch replace";
const CORE = [
  ...kinds(VERBS, "pod service config_map secret event persistent_volume_claim service_account"),
  "read_namespaced_pod_log read_namespaced_pod_status list_pod_for_all_namespaces list_namespace list_node",
  "create_namespace delete_namespace read_namespace read_node",
].join(" ");

/** `recv(zmq.NOBLOCK)`, `send(data, flags=zmq.DONTWAIT)`. */
const noWait = (position: number): { unless: ArgumentIs[] } => ({
  unless: [{ keyword: "flags", position, values: ["NOBLOCK", "DONTWAIT"] }],
});

/** `poll(0)`, `poll(timeout=0)`. */
const noTimeout = (position: number): { unless: ArgumentIs[] } => ({
  unless: [{ keyword: "timeout", position, values: ["0", "0.0"] }],
});

const web: Part = {
  blocking: [
    ...request("elasticsearch.Elasticsearch.", SEARCH),
    ...request("elasticsearch.helpers.", "bulk reindex"),
    ...request("elasticsearch.helpers.", "scan streaming_bulk parallel_bulk", { lazy: true }),
    ...STRIPE.flatMap((resource) =>
      request(`stripe.${resource}.`, "create retrieve list modify delete search"),
    ),
    ...request("twilio._Resource.", "create fetch list update delete"),
    ...request("slack_sdk.WebClient.", SLACK),
    ...request("slack_sdk.webhook.WebhookClient.", "send send_dict"),
    ...request("googleapiclient._Resource.", "execute next_chunk"),
    ...request("googleapiclient.http.MediaIoBaseDownload.", "next_chunk"),
    ...request("googleapiclient.discovery.", "build", { note: "it may fetch the description of the API" }),
    ...request("sendgrid.SendGridAPIClient.", "send"),
    ...request("github.Github.", "get_repo get_organization get_gist get_rate_limit"),
    ...request("github.Github.", "get_user", { needsArguments: true }),
    ...request(
      "hvac._Resource.",
      `read write list delete read_secret read_secret_version create_or_update_secret login`,
    ),
    ...request("hvac.Client.", "read write list delete is_authenticated lookup_token"),
    ...request("ollama.", "chat generate embed embeddings pull list show create delete"),
    ...request("ollama.Client.", "chat generate embed embeddings pull list show create delete"),
    ...request(
      "qdrant_client.QdrantClient.",
      `search query_points scroll upsert upload_points retrieve delete count create_collection delete_collection
       get_collection get_collections collection_exists recommend set_payload`,
    ),
    ...["huggingface_hub.", "huggingface_hub.HfApi."].flatMap((prefix) =>
      request(prefix, "hf_hub_download snapshot_download upload_file upload_folder model_info create_repo"),
    ),
    ...request("huggingface_hub.InferenceClient.", "chat_completion text_generation"),
    ...request("yfinance.", "download Ticker.history Ticker.get_info Tickers.history"),
  ],
  returns: {
    "twilio.rest.Client.__getattr__": "twilio._Resource",
    "twilio._Resource.__getattr__": "twilio._Resource",
    "twilio._Resource.__call__": "twilio._Resource",
    "googleapiclient.discovery.build": "googleapiclient._Resource",
    "googleapiclient._Resource.__getattr__": "googleapiclient._Resource",
    "googleapiclient._Resource.__call__": "googleapiclient._Resource",
    ...each("hvac.Client.", "secrets auth sys", "hvac._Resource"),
    "hvac._Resource.__getattr__": "hvac._Resource",
    "cloudscraper.create_scraper": "requests.Session",
  },
  bases: {
    "opensearchpy.OpenSearch": ["elasticsearch.Elasticsearch"],
    ...each(
      "",
      `requests_oauthlib.OAuth2Session requests_oauthlib.OAuth1Session requests_html.HTMLSession
       requests_toolbelt.sessions.BaseUrlSession authlib.integrations.requests_client.OAuth2Session cloudscraper.CloudScraper`.trim(),
      ["requests.Session"],
    ),
  },
  aliases: {
    "opensearchpy.helpers": "elasticsearch.helpers",
    "slack_sdk.web.client": "slack_sdk",
    "slack_sdk.web": "slack_sdk",
    "slack_sdk.webhook.client": "slack_sdk.webhook",
  },
};

const clouds: Part = {
  blocking: [
    ...request("google.cloud.storage.Client.", "get_bucket create_bucket lookup_bucket"),
    ...request("google.cloud.storage.Client.", "list_blobs list_buckets", { lazy: true }),
    ...request("google.cloud.storage.Bucket.", "get_blob delete_blob copy_blob exists delete create reload"),
    ...request("google.cloud.storage.Bucket.", "list_blobs", { lazy: true }),
    ...request("google.cloud.storage.Blob.", BLOB),
    ...request(
      "google.cloud.bigquery.Client.",
      `query query_and_wait get_table create_table delete_table insert_rows insert_rows_json list_rows
       load_table_from_dataframe load_table_from_file load_table_from_uri get_dataset`,
    ),
    ...request("google.cloud.bigquery.QueryJob.", "result to_dataframe to_arrow __iter__"),
    ...request("google.cloud.firestore.DocumentReference.", "get set update delete create"),
    ...request("google.cloud.firestore.CollectionReference.", "add"),
    ...request("google.cloud.firestore.Query.", "get"),
    ...request("google.cloud.firestore.Query.", "stream", { lazy: true }),
    ...request(
      "azure.storage.blob.BlobClient.",
      "upload_blob download_blob delete_blob exists get_blob_properties",
    ),
    ...request(
      "azure.storage.blob.ContainerClient.",
      "upload_blob download_blob delete_blob create_container delete_container exists",
    ),
    ...request("azure.storage.blob.ContainerClient.", "list_blobs walk_blobs list_blob_names", {
      lazy: true,
    }),
    ...request("minio.Minio.", MINIO),
    ...request("docker.DockerClient.", "ping info version df login"),
    ...request("docker._Collection.", COLLECTION),
    ...request("docker.models.containers.Container.", CONTAINER),
    ...request("kubernetes.client.CoreV1Api.", CORE),
    ...request(
      "kubernetes.client.AppsV1Api.",
      kinds(VERBS, "deployment stateful_set daemon_set replica_set").join(" "),
    ),
    ...request("kubernetes.client.BatchV1Api.", kinds(VERBS, "job cron_job").join(" ")),
    ...request(
      "kubernetes.client.CustomObjectsApi.",
      kinds("get list create patch replace delete", "custom_object").join(" "),
    ),
  ],
  returns: {
    ...each("google.cloud.storage.Client.", "bucket get_bucket create_bucket", "google.cloud.storage.Bucket"),
    ...each("google.cloud.storage.Bucket.", "blob get_blob", "google.cloud.storage.Blob"),
    "google.cloud.bigquery.Client.query": "google.cloud.bigquery.QueryJob",
    "firebase_admin.firestore.client": "google.cloud.firestore.Client",
    "google.cloud.firestore.Client.collection": "google.cloud.firestore.CollectionReference",
    "google.cloud.firestore.Client.document": "google.cloud.firestore.DocumentReference",
    "google.cloud.firestore.CollectionReference.document": "google.cloud.firestore.DocumentReference",
    "google.cloud.firestore.DocumentReference.collection": "google.cloud.firestore.CollectionReference",
    ...each(
      "google.cloud.firestore.Query.",
      "where order_by limit offset select",
      "google.cloud.firestore.Query",
    ),
    "azure.storage.blob.BlobServiceClient.from_connection_string": "azure.storage.blob.BlobServiceClient",
    "azure.storage.blob.BlobServiceClient.get_blob_client": "azure.storage.blob.BlobClient",
    "azure.storage.blob.BlobServiceClient.get_container_client": "azure.storage.blob.ContainerClient",
    "azure.storage.blob.ContainerClient.get_blob_client": "azure.storage.blob.BlobClient",
    "docker.from_env": "docker.DockerClient",
    ...each("docker.DockerClient.", "containers images volumes networks", "docker._Collection"),
    ...each("docker._Collection.", "run get create", "docker.models.containers.Container"),
  },
  bases: { "google.cloud.firestore.CollectionReference": ["google.cloud.firestore.Query"] },
  aliases: {
    "google.cloud.firestore_v1": "google.cloud.firestore",
    "google.cloud.storage.client": "google.cloud.storage",
    "google.cloud.storage.bucket": "google.cloud.storage",
    "google.cloud.storage.blob": "google.cloud.storage",
    "docker.client": "docker",
    "kubernetes.client.api.core_v1_api": "kubernetes.client",
    "kubernetes.client.api.apps_v1_api": "kubernetes.client",
  },
};

const brokers: Part = {
  blocking: [
    ...roundTrip("kafka.", "KafkaConsumer KafkaProducer KafkaAdminClient", {
      note: "the constructor connects",
    }),
    ...roundTrip("kafka.KafkaConsumer.", "poll commit __iter__"),
    ...roundTrip("kafka.KafkaProducer.", "flush close"),
    ...roundTrip("kafka._Sent.", "get"),
    ...roundTrip("confluent_kafka.Consumer.", "poll", noTimeout(0)),
    ...roundTrip("confluent_kafka.Consumer.", "consume", noTimeout(1)),
    ...roundTrip("confluent_kafka.Consumer.", "committed"),
    ...roundTrip("confluent_kafka.Producer.", "flush", noTimeout(0)),
    ...roundTrip("pika.", "BlockingConnection", { note: "the constructor connects" }),
    ...roundTrip("pika.BlockingConnection.", "channel close process_data_events sleep"),
    ...roundTrip("pika._BlockingChannel.", CHANNEL),
    ...roundTrip("paho.mqtt.client.Client.", MQTT),
    ...roundTrip("paho.mqtt.", "publish.single publish.multiple subscribe.simple subscribe.callback"),
    ...roundTrip("kazoo.client.KazooClient.", ZOO),
    ...roundTrip("zmq.Socket.", "recv recv_string recv_json recv_pyobj recv_multipart", noWait(0)),
    ...roundTrip("zmq.Socket.", "send send_string send_json send_pyobj send_multipart", {
      ...noWait(1),
      severity: "warning",
      note: "waits while the queue is full",
    }),
    ...roundTrip("serial.Serial.", SERIAL),
    ...roundTrip("serial.", "Serial", { note: "the constructor opens the port", needsArguments: true }),
    ...roundTrip("ldap3.", "Connection", {
      note: "auto_bind connects",
      given: { position: 3, keyword: "auto_bind", like: /^(?:True|AUTO_BIND_(?!NONE|DEFAULT))/ },
    }),
    ...roundTrip("ldap3.Connection.", "bind search modify add delete compare start_tls"),
    ...roundTrip("fabric.Connection.", "run sudo put get local open"),
  ],
  returns: {
    "kafka.KafkaProducer.send": "kafka._Sent",
    "pika.BlockingConnection.channel": "pika._BlockingChannel",
    "zmq.Context.socket": "zmq.Socket",
    "zmq.Context.instance": "zmq.Context",
  },
  bases: {
    "confluent_kafka.DeserializingConsumer": ["confluent_kafka.Consumer"],
    "confluent_kafka.SerializingProducer": ["confluent_kafka.Producer"],
  },
  aliases: {
    "pika.adapters.blocking_connection.BlockingConnection": "pika.BlockingConnection",
    "pika.adapters.blocking_connection.BlockingChannel": "pika._BlockingChannel",
    "kafka.consumer.KafkaConsumer": "kafka.KafkaConsumer",
    "kafka.producer.KafkaProducer": "kafka.KafkaProducer",
    "serial.serialposix.Serial": "serial.Serial",
  },
};

const programs: Part = {
  blocking: [
    ...blocking("blocking-subprocess", "git.", "Repo.clone_from Repo.clone Repo.is_dirty"),
    ...blocking("blocking-subprocess", "git.cmd.Git.", GIT),
    ...blocking("blocking-subprocess", "git.remote.Remote.", "fetch pull push update"),
    ...blocking(
      "blocking-subprocess",
      "",
      "invoke.run invoke.sudo invoke.Context.run invoke.Context.sudo ffmpeg.run ffmpeg.probe ffmpeg._Stream.run",
    ),
    ...request("selenium._Browser.", BROWSER, { note: "drives a browser" }),
    ...request("selenium.webdriver.", "Chrome Firefox Edge Safari Remote", {
      note: "the constructor starts a browser",
    }),
    ...request("selenium._Element.", ELEMENT, { note: "drives a browser" }),
    ...request("selenium.webdriver.support.ui.WebDriverWait.", "until until_not"),
    // It raises there, and says so: it has a loop of its own.
    ...blocking("nested-loop", "playwright.sync_api._Manager.", "start __enter__"),
  ],
  returns: {
    "git.Repo.git": "git.cmd.Git",
    "git.Repo.remote": "git.remote.Remote",
    "git.Repo.remotes": "git._Remotes",
    "git._Remotes.__getattr__": "git.remote.Remote",
    "ffmpeg.input": "ffmpeg._Stream",
    "ffmpeg._Stream.__getattr__": "ffmpeg._Stream",
    "ffmpeg._Stream.__call__": "ffmpeg._Stream",
    "selenium._Browser.find_element": "selenium._Element",
    "playwright.sync_api.sync_playwright": "playwright.sync_api._Manager",
  },
  bases: each("selenium.webdriver.", "Chrome Firefox Edge Safari Remote", ["selenium._Browser"]),
  aliases: {
    "git.repo.Repo": "git.Repo",
    "git.repo.base.Repo": "git.Repo",
    "selenium.webdriver.support.wait": "selenium.webdriver.support.ui",
  },
};

export const services: readonly Part[] = [web, clouds, brokers, programs];
