/**
 * JMH benchmarks of clip4j; not published. One class answers one question, and checks the answer before it is timed.
 */
package org.clip4j.benchmarks;
