/**
 * What every native module needs of JavaCPP: loading libraries out of jars with errors that say what to do, memory
 * outside the JVM's direct-memory limit, and pointers that are moved instead of made anew.
 */
package org.clip4j.javacpp;
