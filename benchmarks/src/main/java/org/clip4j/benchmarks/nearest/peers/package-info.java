/**
 * Exact and approximate searches of other libraries beside ours, over the same rows: {@code benchmarks/run nearest
 * --peers}. Nothing outside this package may depend on Lucene or JVector.
 */
package org.clip4j.benchmarks.nearest.peers;
