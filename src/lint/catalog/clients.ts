/** Clients that bots, assistants and small services use: each call is a round trip, however the library is called. */
import { blocking, each, type Part } from "./define";

const request = (prefix: string, list: string, extra = {}) => blocking("blocking-http", prefix, list, extra);
const RUNNABLE = "langchain_core.runnables.Runnable";
const WORKSHEET = `get_all_records get_all_values get_values get row_values col_values cell acell find findall update
  update_cell update_acell update_cells append_row append_rows insert_row insert_rows delete_rows batch_get batch_update
  clear`;
const TELEBOT = `send_message send_photo send_document send_video send_audio reply_to get_me get_file download_file
  get_updates edit_message_text delete_message answer_callback_query polling infinity_polling set_webhook`;
const SPOTIFY = `search track tracks album album_tracks artist artist_top_tracks playlist playlist_items playlist_tracks
  current_user current_user_playlists current_playback audio_features recommendations user_playlist_create next`;
const TWITTER = `create_tweet delete_tweet get_me get_user get_users get_tweet get_users_tweets search_recent_tweets
  get_users_followers update_status user_timeline home_timeline verify_credentials media_upload`;
const ETH = `get_balance get_block get_transaction get_transaction_receipt wait_for_transaction_receipt get_logs call
  send_raw_transaction send_transaction get_transaction_count estimate_gas get_code`;
const VECTORS = "query upsert delete fetch update describe_index_stats list";
const CHROMA = "add query get upsert delete count update peek";

/** Language models. A chain that has one waits for it, whatever else is in the chain. */
const models: Part = {
  blocking: [
    ...request("openai.", "ChatCompletion.create Completion.create Embedding.create Image.create"),
    ...request(`${RUNNABLE}.`, "invoke batch", { note: "waits for the model" }),
    ...request(`${RUNNABLE}.`, "stream", { lazy: true, note: "waits for the model" }),
    ...request("langchain_core.language_models.BaseChatModel.", "predict generate"),
    ...request("langchain.chains.base.Chain.", "run predict"),
    ...request("langchain_core.embeddings.Embeddings.", "embed_query embed_documents"),
    ...request("llama_index.core.base._Engine.", "query chat stream_chat retrieve complete"),
    ...request("llama_index.core.VectorStoreIndex.", "from_documents insert"),
    ...request(
      "google.genai._Models.",
      "generate_content embed_content generate_images count_tokens list get",
    ),
    ...request("google.genai._Models.", "generate_content_stream", { lazy: true }),
    ...request("google.generativeai.GenerativeModel.", "generate_content count_tokens"),
    ...request("google.generativeai.ChatSession.", "send_message"),
    ...request("google.generativeai.", "embed_content list_models"),
    ...request("vertexai.generative_models.GenerativeModel.", "generate_content"),
    ...request("cohere.Client.", "chat generate embed rerank classify"),
    ...request("replicate.", "run Client.run"),
    ...request("litellm.", "completion embedding text_completion image_generation"),
  ],
  returns: {
    ...each(
      "openai.",
      "chat completions embeddings images audio responses files moderations models beta batches",
      "openai._Resource",
    ),
    ...each(`${RUNNABLE}.`, "__or__ __ror__ pipe bind with_config with_retry with_fallbacks", RUNNABLE),
    "langchain_core.prompts.BasePromptTemplate.__or__": RUNNABLE,
    ...each(
      "langchain_core.prompts.",
      "ChatPromptTemplate.from_messages ChatPromptTemplate.from_template",
      "langchain_core.prompts.ChatPromptTemplate",
    ),
    "langchain_core.prompts.PromptTemplate.from_template": "langchain_core.prompts.PromptTemplate",
    ...each("langchain_core.language_models.BaseChatModel.", "bind_tools with_structured_output", RUNNABLE),
    "langchain.chat_models.init_chat_model": "langchain_core.language_models.BaseChatModel",
    "langgraph.graph.StateGraph.compile": RUNNABLE,
    "langgraph.prebuilt.create_react_agent": RUNNABLE,
    ...each(
      "llama_index.core.VectorStoreIndex.",
      "as_query_engine as_chat_engine as_retriever",
      "llama_index.core.base._Engine",
    ),
    "llama_index.core.VectorStoreIndex.from_documents": "llama_index.core.VectorStoreIndex",
    "google.genai.Client.models": "google.genai._Models",
    "google.generativeai.GenerativeModel.start_chat": "google.generativeai.ChatSession",
  },
  bases: {
    "langchain_core.language_models.BaseChatModel": [RUNNABLE],
    "langchain_core.language_models.LLM": ["langchain_core.language_models.BaseChatModel"],
    ...each(
      "",
      `langchain_openai.ChatOpenAI langchain_openai.AzureChatOpenAI langchain_openai.OpenAI
       langchain_anthropic.ChatAnthropic langchain_google_genai.ChatGoogleGenerativeAI langchain_ollama.ChatOllama
       langchain_ollama.OllamaLLM langchain_groq.ChatGroq langchain_mistralai.ChatMistralAI langchain_aws.ChatBedrock
       langchain_community.chat_models.ChatOpenAI langchain_community.llms.Ollama`.trim(),
      ["langchain_core.language_models.BaseChatModel"],
    ),
    "langchain.chains.base.Chain": [RUNNABLE],
    ...each(
      "",
      "langchain.chains.LLMChain langchain.chains.RetrievalQA langchain.chains.ConversationalRetrievalChain langchain.agents.AgentExecutor",
      ["langchain.chains.base.Chain"],
    ),
    ...each("langchain_core.prompts.", "ChatPromptTemplate PromptTemplate", [
      "langchain_core.prompts.BasePromptTemplate",
    ]),
    ...each(
      "",
      "langchain_openai.OpenAIEmbeddings langchain_ollama.OllamaEmbeddings langchain_google_genai.GoogleGenerativeAIEmbeddings",
      ["langchain_core.embeddings.Embeddings"],
    ),
    "together.Together": ["openai.OpenAI"],
    "cohere.ClientV2": ["cohere.Client"],
  },
  aliases: {
    "langchain.chat_models.ChatOpenAI": "langchain_openai.ChatOpenAI",
    "langchain.prompts": "langchain_core.prompts",
    "langchain_core.prompts.chat": "langchain_core.prompts",
    "langchain_core.language_models.chat_models": "langchain_core.language_models",
    "langchain_core.runnables.base": "langchain_core.runnables",
    "llama_index.core.indices.VectorStoreIndex": "llama_index.core.VectorStoreIndex",
    "llama_index.VectorStoreIndex": "llama_index.core.VectorStoreIndex",
  },
};

const stores: Part = {
  blocking: [
    ...request("supabase._Query.", "execute"),
    ...request(
      "firebase_admin.auth.",
      "verify_id_token verify_session_cookie get_user get_user_by_email create_user update_user delete_user list_users create_session_cookie",
    ),
    ...request("firebase_admin.messaging.", "send send_each send_each_for_multicast subscribe_to_topic"),
    ...request("firebase_admin.db.Reference.", "get set push update delete"),
    ...request("pinecone.Index.", VECTORS),
    ...request("chromadb.Collection.", CHROMA),
    ...request(
      "chromadb.Client.",
      "get_collection get_or_create_collection create_collection delete_collection list_collections",
    ),
    ...request("notion_client._Resource.", "query retrieve create update list append delete search"),
    ...request(
      "jira.JIRA.",
      "issue create_issue search_issues add_comment transition_issue projects project user assign_issue add_attachment",
    ),
    ...request("gspread.Client.", "open open_by_key open_by_url openall create"),
    ...request(
      "gspread.Spreadsheet.",
      "worksheet worksheets get_worksheet add_worksheet del_worksheet values_get values_update batch_update",
    ),
    ...request("gspread.Worksheet.", WORKSHEET),
    ...blocking(
      "blocking-database",
      "influxdb_client.",
      "WriteApi.write QueryApi.query QueryApi.query_data_frame QueryApi.query_stream",
    ),
    ...blocking("blocking-database", "mongoengine.Document.", "save delete reload update modify"),
    ...blocking(
      "blocking-database",
      "mongoengine.QuerySet.",
      "first get count delete update update_one to_json __iter__ __len__",
    ),
    ...blocking("blocking-database", "trino.dbapi.Cursor.", "execute fetchone fetchmany fetchall __iter__"),
  ],
  returns: {
    "supabase.create_client": "supabase.Client",
    ...each("supabase.Client.", "table from_ rpc schema", "supabase._Query"),
    ...each("supabase._Query.", "__getattr__ __call__", "supabase._Query"),
    "firebase_admin.db.reference": "firebase_admin.db.Reference",
    "firebase_admin.db.Reference.child": "firebase_admin.db.Reference",
    "pinecone.Pinecone.Index": "pinecone.Index",
    ...each("chromadb.", "PersistentClient HttpClient EphemeralClient", "chromadb.Client"),
    ...each(
      "chromadb.Client.",
      "get_collection get_or_create_collection create_collection",
      "chromadb.Collection",
    ),
    "notion_client.Client.__getattr__": "notion_client._Resource",
    "notion_client._Resource.__getattr__": "notion_client._Resource",
    ...each("gspread.", "service_account authorize oauth", "gspread.Client"),
    ...each("gspread.Client.", "open open_by_key open_by_url create", "gspread.Spreadsheet"),
    ...each("gspread.Spreadsheet.", "worksheet get_worksheet add_worksheet sheet1", "gspread.Worksheet"),
    "influxdb_client.InfluxDBClient.write_api": "influxdb_client.WriteApi",
    "influxdb_client.InfluxDBClient.query_api": "influxdb_client.QueryApi",
    "mongoengine.Document.objects": "mongoengine.QuerySet",
    ...each(
      "mongoengine.QuerySet.",
      "__call__ filter order_by only exclude limit skip select_related no_cache",
      "mongoengine.QuerySet",
    ),
    "trino.dbapi.connect": "trino.dbapi.Connection",
    "trino.dbapi.Connection.cursor": "trino.dbapi.Cursor",
  },
  bases: { "mongoengine.DynamicDocument": ["mongoengine.Document"] },
};

const media: Part = {
  blocking: [
    ...request("yt_dlp.YoutubeDL.", "extract_info download process_ie_result"),
    ...request("tweepy.Client.", TWITTER),
    // Whatever of Reddit's it is, it has these; the others only say what is meant.
    ...request("praw._Thing.", "submit reply edit delete upvote downvote save hide mark_read message"),
    ...request("praw._Thing.", "hot new top rising controversial search stream list", { lazy: true }),
    ...request("spotipy.Spotify.", SPOTIFY),
    ...request("telebot.TeleBot.", TELEBOT),
    ...request("deepl.Translator.", "translate_text translate_document get_usage"),
    ...request("wikipedia.", "page summary search random"),
    ...request("gtts.gTTS.", "save write_to_fp"),
    ...request("trafilatura.", "fetch_url"),
    ...request("newspaper.Article.", "download"),
    // It parses a text, too.
    ...request("feedparser.", "parse", { given: { position: 0, like: /url|link|href|uri|^f?["']https?:/i } }),
    ...request("web3._Eth.", ETH),
    ...request("web3._Call.", "call transact estimate_gas"),
    ...request("pycurl.Curl.", "perform"),
    ...request("httplib2.Http.", "request"),
    ...request("zeep.", "Client", { note: "the constructor fetches the description of the service" }),
  ],
  returns: {
    ...each("praw.", "Reddit.__getattr__ _Thing.__getattr__ _Thing.__call__", "praw._Thing"),
    "web3.Web3.eth": "web3._Eth",
    "web3._Eth.contract": "web3._Contract",
    "web3._Contract.functions": "web3._Call",
    ...each("web3._Call.", "__getattr__ __call__", "web3._Call"),
  },
  bases: {
    "tweepy.API": ["tweepy.Client"],
    "deepl.DeepLClient": ["deepl.Translator"],
    "yt_dlp.YoutubeDL": [],
  },
  aliases: {
    youtube_dl: "yt_dlp",
    "yt_dlp.YoutubeDL.YoutubeDL": "yt_dlp.YoutubeDL",
    "curl_cffi.requests": "requests",
    niquests: "requests",
  },
};

export const clients: readonly Part[] = [models, stores, media];
