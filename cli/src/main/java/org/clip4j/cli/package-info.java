/**
 * The {@code clip} command: arguments in, tables and JSON out, errors as one line and an exit code. The only place that
 * prints. Nothing here computes: what other programs could use belongs to {@code runtime} or {@code weights-converter}.
 */
package org.clip4j.cli;
