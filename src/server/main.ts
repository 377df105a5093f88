/** Starts the language server on the channel the editor chose: --stdio, --node-ipc or --socket=PORT. */
import { createConnection, ProposedFeatures } from "vscode-languageserver/node";
import { Server } from "./server";

const connection = createConnection(ProposedFeatures.all);
new Server(connection);
connection.listen();
