/**
 * What every native module needs of JavaCPP: loading libraries out of jars with errors that say what to do, memory
 * outside the JVM's direct-memory limit, pointers that are moved instead of made anew, and how a library's backend is
 * offered.
 */
package org.clip4j.javacpp;
