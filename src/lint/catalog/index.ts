/** The product's catalogue: one file per subject, merged. */
import { clients } from "./clients";
import { processor } from "./cpu";
import { databases } from "./database";
import { merge, type Part } from "./define";
import { drivers } from "./drivers";
import { files, input, paths } from "./files";
import { asyncio, calls, nested, threads } from "./loop";
import { http, socket } from "./network";
import { sleep, subprocess, waits } from "./process";
import { services } from "./services";

export { blockingRules } from "./rules";

const modules: Part = {
  modules:
    `aiohttp anyio asyncio bz2 codecs collections concurrent concurrent.futures contextlib csv datetime ftplib
    functools getpass glob gzip hashlib http httpx imaplib io itertools json logging lzma math multiprocessing os
    os.path pathlib pickle poplib queue random re requests select selectors shelve shutil signal smtplib socket sqlite3
    ssl subprocess sys tarfile tempfile threading time typing urllib urllib.request urllib3 uvloop zipfile zlib`
      .trim()
      .split(/\s+/),
};

export const catalog = merge([
  modules,
  sleep,
  http,
  subprocess,
  waits,
  files,
  paths,
  input,
  ...databases,
  ...drivers,
  ...services,
  ...clients,
  socket,
  processor,
  nested,
  threads,
  calls,
  asyncio,
]);
