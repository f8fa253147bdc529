/** The comparison with other runtimes as one table: {@code benchmarks/run peers}. */
package org.clip4j.benchmarks.peers;
