/** Synchronous database drivers: every statement is a round trip, or a disk. */
import { blocking, each, names, type Part } from "./define";

const FETCH = "fetchone fetchmany fetchall __iter__";
const EXECUTE = "execute executemany";
const db = (prefix: string, list: string, extra = {}) => blocking("blocking-database", prefix, list, extra);

const REDIS = `append bitcount blmove blpop brpop brpoplpush bzpopmax bzpopmin copy dbsize decr decrby delete dump echo
  eval evalsha exists expire expireat flushall flushdb geoadd geosearch get getdel getex getrange getset hdel hexists
  hget hgetall hincrby hincrbyfloat hkeys hlen hmget hmset hscan hset hsetnx hvals incr incrby incrbyfloat info keys
  lindex linsert llen lmove lpop lpush lpushx lrange lrem lset ltrim mget move mset msetnx persist pexpire pfadd
  pfcount ping psetex pttl publish randomkey rename renamenx restore rpop rpoplpush rpush rpushx sadd scan scard sdiff
  set setbit setex setnx setrange sinter sismember smembers smove sort spop srandmember srem sscan strlen sunion time
  touch ttl type unlink xack xadd xdel xlen xrange xread xreadgroup xrevrange xtrim zadd zcard zcount zincrby
  zpopmax zpopmin zrange zrangebyscore zrank zrem zremrangebyrank zremrangebyscore zrevrange zrevrank zscan zscore
  execute_command`;
const MONGO = `insert_one insert_many find_one find_one_and_update find_one_and_replace find_one_and_delete update_one
  update_many replace_one delete_one delete_many count_documents estimated_document_count distinct bulk_write
  create_index create_indexes drop_index drop_indexes index_information rename drop`;
const QUERY_STEPS = `filter filter_by order_by group_by having join outerjoin options limit offset distinct with_entities
  add_columns select_from execution_options with_for_update union union_all params where slice`;
const SESSION = `execute scalar scalars commit flush refresh merge rollback get get_one bulk_save_objects
  bulk_insert_mappings bulk_update_mappings`;

const sqlite: Part = {
  blocking: [
    ...db("sqlite3.", "connect"),
    ...db("sqlite3.Connection.", `${EXECUTE} executescript commit rollback backup iterdump`),
    ...db("sqlite3.Cursor.", `${EXECUTE} executescript ${FETCH}`),
  ],
  returns: {
    "sqlite3.connect": "sqlite3.Connection",
    ...each("sqlite3.Connection.", `cursor ${EXECUTE} executescript`, "sqlite3.Cursor"),
    ...each("sqlite3.Cursor.", `${EXECUTE} executescript`, "Self"),
    ...each("sqlite3.Cursor.", "fetchall fetchmany", "list[tuple]"),
  },
  aliases: { "sqlite3.dbapi2": "sqlite3" },
};

const postgres: Part = {
  blocking: [
    ...db("psycopg2.", "connect"),
    ...db("psycopg2.extensions.connection.", "commit rollback"),
    ...db("psycopg2.extensions.cursor.", `${EXECUTE} callproc copy_from copy_to copy_expert ${FETCH}`),
    ...db("psycopg2.extras.", "execute_values execute_batch"),
    ...db("psycopg2.pool.AbstractConnectionPool.", "getconn"),
    ...db("psycopg.", "connect"),
    ...db("psycopg.Connection.", "connect execute commit rollback wait notifies"),
    ...db("psycopg.Cursor.", `${EXECUTE} stream ${FETCH}`),
    ...db("psycopg_pool.ConnectionPool.", "connection getconn wait open"),
  ],
  returns: {
    "psycopg2.connect": "psycopg2.extensions.connection",
    "psycopg2.extensions.connection.cursor": "psycopg2.extensions.cursor",
    "psycopg2.pool.AbstractConnectionPool.getconn": "psycopg2.extensions.connection",
    "psycopg.connect": "psycopg.Connection",
    "psycopg.Connection.connect": "psycopg.Connection",
    ...each("psycopg.Connection.", "cursor execute", "psycopg.Cursor"),
    "psycopg.Cursor.execute": "Self",
    "psycopg_pool.ConnectionPool.getconn": "psycopg.Connection",
  },
  bases: {
    ...each("psycopg2.extensions.", "connection cursor", []),
    ...each("psycopg2.pool.", "SimpleConnectionPool ThreadedConnectionPool", [
      "psycopg2.pool.AbstractConnectionPool",
    ]),
    ...each("psycopg2.extras.", "DictCursor RealDictCursor NamedTupleCursor", ["psycopg2.extensions.cursor"]),
  },
  coroutines: [
    ...names("psycopg.AsyncConnection.", "connect execute commit rollback close"),
    ...names("psycopg.AsyncCursor.", `${EXECUTE} fetchone fetchmany fetchall`),
    "asyncpg.connect",
    ...names("asyncpg.connection.Connection.", "execute executemany fetch fetchrow fetchval close"),
    ...names("asyncpg.pool.Pool.", "execute executemany fetch fetchrow fetchval close"),
  ],
};

const mysql: Part = {
  blocking: [
    ...db("", "pymysql.connect MySQLdb.connect mysql.connector.connect"),
    ...db("pymysql.connections.Connection.", "commit rollback ping query select_db connect"),
    ...db("pymysql.cursors.Cursor.", `${EXECUTE} callproc`),
    ...db("pymysql.cursors.SSCursor.", FETCH),
    ...db("MySQLdb.connections.Connection.", "commit rollback ping query"),
    ...db("MySQLdb.cursors.Cursor.", `${EXECUTE} callproc`),
    ...db("mysql.connector.connection.MySQLConnection.", "commit rollback ping"),
    ...db("mysql.connector.cursor.MySQLCursor.", `${EXECUTE} callproc ${FETCH}`),
  ],
  returns: {
    "pymysql.connect": "pymysql.connections.Connection",
    "pymysql.connections.Connection.cursor": "pymysql.cursors.Cursor",
    "MySQLdb.connect": "MySQLdb.connections.Connection",
    "MySQLdb.connections.Connection.cursor": "MySQLdb.cursors.Cursor",
    "mysql.connector.connect": "mysql.connector.connection.MySQLConnection",
    "mysql.connector.connection.MySQLConnection.cursor": "mysql.connector.cursor.MySQLCursor",
  },
  bases: {
    ...each("pymysql.cursors.", "DictCursor SSCursor", ["pymysql.cursors.Cursor"]),
    "pymysql.cursors.SSDictCursor": ["pymysql.cursors.SSCursor"],
  },
  aliases: {
    "pymysql.Connection": "pymysql.connections.Connection",
    "pymysql.Connect": "pymysql.connect",
    "MySQLdb.Connect": "MySQLdb.connect",
  },
};

const redis: Part = {
  blocking: [
    ...db("redis.Redis.", REDIS),
    ...db("redis.Redis.", "scan_iter hscan_iter sscan_iter zscan_iter", { lazy: true }),
    ...db("redis.client.Pipeline.", "execute watch"),
    ...db("redis.client.PubSub.", "subscribe psubscribe unsubscribe punsubscribe get_message"),
    ...db("redis.client.PubSub.", "listen", { lazy: true }),
    ...db("redis.lock.Lock.", "acquire release extend __enter__"),
  ],
  returns: {
    "redis.from_url": "redis.Redis",
    "redis.Redis.from_url": "Self",
    "redis.Redis.pipeline": "redis.client.Pipeline",
    "redis.Redis.pubsub": "redis.client.PubSub",
    "redis.Redis.lock": "redis.lock.Lock",
    "redis.asyncio.from_url": "redis.asyncio.Redis",
    "redis.asyncio.Redis.from_url": "Self",
  },
  bases: { "redis.RedisCluster": ["redis.Redis"] },
  aliases: {
    "redis.StrictRedis": "redis.Redis",
    "redis.client.Redis": "redis.Redis",
    "redis.client.StrictRedis": "redis.Redis",
    "redis.cluster.RedisCluster": "redis.RedisCluster",
    "redis.asyncio.client.Redis": "redis.asyncio.Redis",
    "redis.asyncio.StrictRedis": "redis.asyncio.Redis",
  },
  coroutines: [...names("redis.asyncio.Redis.", REDIS), "redis.asyncio.Redis.aclose"],
};

const mongo: Part = {
  blocking: [
    ...db("pymongo.MongoClient.", "server_info list_database_names drop_database"),
    ...db("pymongo.database.Database.", "command list_collection_names create_collection drop_collection"),
    ...db("pymongo.collection.Collection.", MONGO),
    ...db("pymongo.collection.Collection.", "find aggregate", { lazy: true }),
    ...db("pymongo.cursor.Cursor.", "next to_list __iter__ __next__"),
  ],
  returns: {
    ...each(
      "pymongo.MongoClient.",
      "__getitem__ __getattr__ get_database get_default_database",
      "pymongo.database.Database",
    ),
    ...each(
      "pymongo.database.Database.",
      "__getitem__ __getattr__ get_collection",
      "pymongo.collection.Collection",
    ),
    ...each("pymongo.collection.Collection.", "__getitem__ __getattr__", "pymongo.collection.Collection"),
    ...each("pymongo.collection.Collection.", "find aggregate", "pymongo.cursor.Cursor"),
    ...each("pymongo.cursor.Cursor.", "sort limit skip batch_size hint", "Self"),
  },
  aliases: {
    "pymongo.mongo_client.MongoClient": "pymongo.MongoClient",
    "pymongo.synchronous.mongo_client.MongoClient": "pymongo.MongoClient",
    "pymongo.synchronous.collection": "pymongo.collection",
    "pymongo.synchronous.database": "pymongo.database",
  },
};

const sqlalchemy: Part = {
  blocking: [
    ...db("sqlalchemy.engine.Engine.", "connect begin execute raw_connection"),
    ...db("sqlalchemy.engine.Connection.", "execute scalar scalars exec_driver_sql commit rollback"),
    ...db("sqlalchemy.orm.Session.", SESSION),
    ...db("sqlalchemy.orm.Query.", "all first one one_or_none scalar count get delete update __iter__"),
    ...db("sqlalchemy.schema.MetaData.", "create_all drop_all reflect"),
    ...db("sqlmodel.Session.", "exec"),
  ],
  returns: {
    "sqlalchemy.create_engine": "sqlalchemy.engine.Engine",
    "sqlalchemy.engine_from_config": "sqlalchemy.engine.Engine",
    ...each("sqlalchemy.engine.Engine.", "connect begin", "sqlalchemy.engine.Connection"),
    "sqlalchemy.orm.sessionmaker.__call__": "sqlalchemy.orm.Session",
    "sqlalchemy.orm.sessionmaker.begin": "sqlalchemy.orm.Session",
    "sqlalchemy.orm.scoped_session.__call__": "sqlalchemy.orm.Session",
    "sqlalchemy.orm.Session.query": "sqlalchemy.orm.Query",
    ...each("sqlalchemy.orm.Query.", QUERY_STEPS, "Self"),
  },
  bases: {
    "sqlalchemy.orm.sessionmaker": [],
    "sqlmodel.Session": ["sqlalchemy.orm.Session"],
    "sqlalchemy.orm.scoped_session": ["sqlalchemy.orm.Session"],
  },
  aliases: {
    "sqlalchemy.orm.session": "sqlalchemy.orm",
    "sqlalchemy.orm.query": "sqlalchemy.orm",
    "sqlalchemy.Engine": "sqlalchemy.engine.Engine",
    "sqlalchemy.Connection": "sqlalchemy.engine.Connection",
    "sqlalchemy.MetaData": "sqlalchemy.schema.MetaData",
    "sqlalchemy.engine.base": "sqlalchemy.engine",
    "sqlalchemy.engine.create_engine": "sqlalchemy.create_engine",
    "sqlmodel.create_engine": "sqlalchemy.create_engine",
  },
  coroutines: [
    ...names(
      "sqlalchemy.ext.asyncio.AsyncSession.",
      "execute scalar scalars commit flush refresh merge rollback get close delete",
    ),
    ...names(
      "sqlalchemy.ext.asyncio.AsyncConnection.",
      "execute scalar scalars commit rollback close run_sync",
    ),
  ],
};

export const databases: readonly Part[] = [sqlite, postgres, mysql, redis, mongo, sqlalchemy];
