// From a path on disk to the digests of its tensors: a safetensors file, or a model folder, sharded or not.

using Idem.Formats;

namespace Idem.Audit;

/// <summary>Digests of what lies at a path.</summary>
public static class DigestPath
{
    /// <summary>The tensors of a safetensors file or of a model folder, and their root digest.</summary>
    /// <exception cref="SafeTensorsException">There is no such thing there, or it is malformed.</exception>
    public static TensorDigests Compute(string path, int threads)
    {
        if (Directory.Exists(path))
        {
            using SafeTensorsFolder folder = SafeTensorsFolder.Open(path);
            return TensorDigest.ComputeAll(folder.Tensors, threads);
        }

        using SafeTensorsFile file = SafeTensorsFile.Open(path);
        return TensorDigest.ComputeAll(file.Tensors, threads);
    }
}
