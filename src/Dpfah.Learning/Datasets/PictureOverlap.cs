using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Models;

namespace Dpfah.Learning.Datasets;

/// <summary>Which pictures of two sets are the same, pixel for pixel, whatever they are called.</summary>
/// <param name="FirstCount">Pictures compared in the first set.</param>
/// <param name="SecondCount">Pictures compared in the second set.</param>
/// <param name="Pairs">Names of equal pictures: one of the first set, one of the second.</param>
public sealed record PictureOverlap(int FirstCount, int SecondCount, IReadOnlyList<(string First, string Second)> Pairs)
{
    /// <summary>Compares two sets by the digests of their pictures; reads every picture once.</summary>
    /// <exception cref="InvalidDataException">A picture cannot be read; the message names the file.</exception>
    public static PictureOverlap Between(PictureSet first, PictureSet second)
    {
        ILookup<string, string> firstNames = Enumerable.Range(0, first.Count).ToLookup(i => Digest(first.Read(i)), first.NameOf);
        var pairs = new List<(string, string)>();
        for (int i = 0; i < second.Count; i++)
        {
            pairs.AddRange(firstNames[Digest(second.Read(i))].Select(name => (name, second.NameOf(i))));
        }

        return new PictureOverlap(first.Count, second.Count, pairs);
    }

    /// <summary>Writes the digests of pictures, a line each: digest, two spaces, name. What is there already is left as it is.</summary>
    /// <param name="path">The file.</param>
    /// <param name="pictures">The pictures; each is read once.</param>
    /// <exception cref="InvalidDataException">A picture cannot be read; the message names the file.</exception>
    public static void WriteDigests(string path, PictureSet pictures)
    {
        if (!File.Exists(path))
        {
            string[] lines = new string[pictures.Count];
            Parallel.For(0, lines.Length, i => lines[i] = $"{Digest(pictures.Read(i))}  {pictures.NameOf(i)}\n");
            AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(string.Concat(lines))));
        }
    }

    /// <summary>SHA-256 of a picture's width, height and pixels, in lower-case hex.</summary>
    public static string Digest(RgbImage picture)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> size = stackalloc byte[2 * sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(size, picture.Width);
        BinaryPrimitives.WriteInt32LittleEndian(size[sizeof(int)..], picture.Height);
        hash.AppendData(size);
        hash.AppendData(picture.Pixels);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
