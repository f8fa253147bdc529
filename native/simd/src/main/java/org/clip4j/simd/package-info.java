/** Layers in C++ of our own (src/main/cpp), called through JNI; the only package that names that library. */
package org.clip4j.simd;
