/** Databases and object-relational mappers beside those of database.ts. */
import { blocking, each, names, type Part } from "./define";

const EXECUTE = "execute executemany";
const FETCH = "fetchone fetchmany fetchall __iter__";
const db = (prefix: string, list: string, extra = {}) => blocking("blocking-database", prefix, list, extra);

/** What sends the query of a Django `QuerySet`, beside iterating it, and what makes another one of it. */
const DJANGO = `get create get_or_create update_or_create bulk_create bulk_update count exists first last aggregate
  in_bulk earliest latest delete update contains explain`;
const DJANGO_STEPS = `all filter exclude order_by annotate alias values values_list select_related prefetch_related
  distinct only defer using reverse union intersection difference select_for_update dates datetimes none`;
const PEEWEE_STEPS = `where order_by group_by having join limit offset distinct switch from_ with_cte dicts tuples
  namedtuples objects on_conflict on_conflict_ignore on_conflict_replace returning`;
const CACHE =
  "get set add replace append prepend delete incr decr touch gets cas get_many set_many delete_many get_multi set_multi flush_all stats";

const sql: Part = {
  blocking: [
    // `sql` and `query` of a SELECT make a relation, which runs when its rows are asked for.
    ...db("", "duckdb.connect duckdb.execute"),
    ...db("duckdb.DuckDBPyConnection.", `${EXECUTE} fetchone fetchall fetchmany fetchdf df`),
    ...db(
      "duckdb.DuckDBPyRelation.",
      "fetchone fetchall fetchmany fetchdf fetchnumpy df to_df pl arrow show",
    ),
    ...db(
      "duckdb.DuckDBPyRelation.",
      "create insert_into to_table write_csv write_parquet to_csv to_parquet",
    ),
    ...db("pandas.", "DataFrame.to_sql Series.to_sql"),
    ...db("", "pyodbc.connect oracledb.connect snowflake.connector.connect"),
    ...db("clickhouse_connect.", "get_client create_client"),
    ...db("pyodbc.Connection.", "execute commit rollback"),
    ...db("pyodbc.Cursor.", `${EXECUTE} fetchval ${FETCH}`),
    ...db("oracledb.Connection.", "commit rollback ping"),
    ...db("oracledb.ConnectionPool.", "acquire"),
    ...db("oracledb.Cursor.", `${EXECUTE} callproc callfunc ${FETCH}`),
    ...db("snowflake.connector.SnowflakeConnection.", "commit rollback execute_string"),
    ...db("snowflake.connector.cursor.SnowflakeCursor.", `${EXECUTE} fetch_pandas_all ${FETCH}`),
    ...db("clickhouse_driver.Client.", "execute execute_with_progress query_dataframe insert_dataframe"),
    ...db("clickhouse_driver.Client.", "execute_iter", { lazy: true }),
    ...db(
      "clickhouse_connect.driver.client.Client.",
      "query query_df query_np query_arrow command insert insert_df insert_arrow raw_query raw_insert ping",
    ),
  ],
  returns: {
    "duckdb.connect": "duckdb.DuckDBPyConnection",
    ...each("duckdb.DuckDBPyConnection.", "execute cursor", "duckdb.DuckDBPyConnection"),
    ...each("duckdb.", "sql query", "duckdb.DuckDBPyRelation"),
    ...each("duckdb.DuckDBPyConnection.", "sql query table view", "duckdb.DuckDBPyRelation"),
    ...each(
      "duckdb.DuckDBPyRelation.",
      "filter project select aggregate order limit join distinct union",
      "Self",
    ),
    "pyodbc.connect": "pyodbc.Connection",
    ...each("pyodbc.Connection.", "cursor execute", "pyodbc.Cursor"),
    "oracledb.connect": "oracledb.Connection",
    "oracledb.Connection.cursor": "oracledb.Cursor",
    "oracledb.create_pool": "oracledb.ConnectionPool",
    "oracledb.ConnectionPool.acquire": "oracledb.Connection",
    "snowflake.connector.connect": "snowflake.connector.SnowflakeConnection",
    "snowflake.connector.SnowflakeConnection.cursor": "snowflake.connector.cursor.SnowflakeCursor",
    ...each("clickhouse_connect.", "get_client create_client", "clickhouse_connect.driver.client.Client"),
  },
  aliases: {
    cx_Oracle: "oracledb",
    "clickhouse_driver.client.Client": "clickhouse_driver.Client",
    "snowflake.connector.connection.SnowflakeConnection": "snowflake.connector.SnowflakeConnection",
  },
};

const stores: Part = {
  blocking: [
    ...db(
      "cassandra.cluster.",
      "Cluster.connect Cluster.shutdown Session.execute Session.prepare ResponseFuture.result",
    ),
    ...db("neo4j.Driver.", "verify_connectivity execute_query"),
    ...db("neo4j.Session.", "run execute_read execute_write read_transaction write_transaction"),
    ...db("neo4j.Transaction.", "run commit rollback"),
    ...db("pymemcache.client.base.Client.", CACHE),
    ...db(
      "diskcache.Cache.",
      "get set add delete incr decr pop clear touch expire evict cull push pull peek",
    ),
  ],
  returns: {
    "cassandra.cluster.Cluster.connect": "cassandra.cluster.Session",
    "cassandra.cluster.Session.execute_async": "cassandra.cluster.ResponseFuture",
    "neo4j.GraphDatabase.driver": "neo4j.Driver",
    "neo4j.Driver.session": "neo4j.Session",
    "neo4j.Session.begin_transaction": "neo4j.Transaction",
  },
  bases: {
    ...each("", "pymemcache.client.hash.HashClient pymemcache.PooledClient memcache.Client pylibmc.Client", [
      "pymemcache.client.base.Client",
    ]),
    "diskcache.FanoutCache": ["diskcache.Cache"],
  },
  aliases: {
    "pymemcache.Client": "pymemcache.client.base.Client",
    "pymemcache.client.Client": "pymemcache.client.base.Client",
  },
};

/** Django's says so itself, by an error: `SynchronousOnlyOperation`. Its asynchronous methods begin with an `a`. */
const django: Part = {
  blocking: [
    ...db("django.db.models.QuerySet.", `${DJANGO} __iter__ __len__ __bool__`),
    ...db("django.db.models.QuerySet.", "iterator", { lazy: true }),
    ...db("django.db.models.ManyToManyField.", "add remove set clear"),
    ...db("django.db.models._Related.", "create get_or_create update_or_create bulk_create aggregate"),
    ...db("django.db.models.Model.", "save delete refresh_from_db full_clean"),
    ...db("django.shortcuts.", "get_object_or_404 get_list_or_404"),
    ...db("django.db.transaction.Atomic.", "__enter__"),
    ...db("django.db._Cursor.", `${EXECUTE} callproc ${FETCH}`),
    ...db("django.contrib.auth.", "authenticate login logout"),
    ...blocking("blocking-socket", "django.core.mail.", "send_mail send_mass_mail mail_admins mail_managers"),
    ...blocking("blocking-socket", "django.core.mail.EmailMessage.", "send"),
  ],
  returns: {
    "django.db.models.Model.objects": "django.db.models.Manager[Self]",
    "django.db.models.Manager.__get__": "Self",
    ...each("django.db.models.QuerySet.", "as_manager", "django.db.models.Manager"),
    ...each("django.db.models.QuerySet.", DJANGO_STEPS, "django.db.models.QuerySet[Item]"),
    ...each("django.db.models.QuerySet.", "get create first last earliest latest __getitem__", "Item"),
    ...each("django.db.models.QuerySet.", "get_or_create update_or_create", "tuple[Item, bool]"),
    ...each("django.db.models.QuerySet.", "__iter__ iterator aiterator", "Iterator[Item]"),
    ...each("django.db.models.QuerySet.", "aget acreate afirst alast aearliest alatest", "Item"),
    ...each("django.db.models.QuerySet.", "aget_or_create aupdate_or_create", "tuple[Item, bool]"),
    // An attribute that no class has: the other end of a relation. What else it may be has none of these methods; `all`,
    // `first`, `exists` and `count` ask nobody where it was prefetched.
    "django.db.models.Model.__getattr__": "django.db.models._Related",
    ...each("django.db.models._Related.", "filter exclude order_by", "django.db.models.QuerySet"),
    "django.db.transaction.atomic": "django.db.transaction.Atomic",
    "django.db.connection": "django.db._Connection",
    "django.db.connections": "dict[str, django.db._Connection]",
    "django.db._Connection.cursor": "django.db._Cursor",
    "django.contrib.auth.get_user_model": "type[django.contrib.auth.models.User]",
  },
  bases: {
    "django.db.models.Manager": ["django.db.models.QuerySet"],
    "django.db.models.ManyToManyField": ["django.db.models.QuerySet"],
    "django.core.mail.EmailMultiAlternatives": ["django.core.mail.EmailMessage"],
    ...each("django.contrib.auth.models.", "User AbstractUser AbstractBaseUser Group Permission", [
      "django.db.models.Model",
    ]),
  },
  aliases: {
    "django.db.models.query.QuerySet": "django.db.models.QuerySet",
    "django.db.models.manager.Manager": "django.db.models.Manager",
    "django.db.models.base.Model": "django.db.models.Model",
    "django.contrib.auth.base_user": "django.contrib.auth.models",
  },
  coroutines: names("django.db.models.QuerySet.", DJANGO.replace(/\w+/g, "a$&")),
};

const peewee: Part = {
  blocking: [
    ...db("peewee.Database.", "connect execute_sql create_tables drop_tables"),
    ...db(
      "peewee.Model.",
      `get get_or_none get_by_id get_or_create create save delete_instance bulk_create bulk_update create_table
       drop_table`,
    ),
    ...db("peewee._Query.", "execute get get_or_none first count exists scalar __iter__"),
  ],
  returns: {
    ...each("peewee.Model.", "select update insert insert_many delete", "peewee._Query"),
    ...each("peewee._Query.", PEEWEE_STEPS, "Self"),
  },
  bases: each("peewee.", "SqliteDatabase PostgresqlDatabase MySQLDatabase", ["peewee.Database"]),
};

export const drivers: readonly Part[] = [sql, stores, django, peewee];
