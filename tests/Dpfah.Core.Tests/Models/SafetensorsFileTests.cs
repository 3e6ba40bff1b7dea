using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Dpfah.Core.Models;

namespace Dpfah.Core.Tests.Models;

public class SafetensorsFileTests
{
    private const string TwoTensors =
        """
        {"b":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"__metadata__":{"format":"pt","note":"ü"},"a":{"dtype":"U8","shape":[4],"data_offsets":[24,28]}}
        """;

    [Fact]
    public void A_sound_file_gives_its_tensors_in_order_of_names_and_its_metadata()
    {
        byte[] bytes = SafetensorsBytes.File(TwoTensors, 28);
        SafetensorsFile file = Read(bytes);
        long data = bytes.Length - 28;
        Assert.Collection(
            file.Tensors,
            a => Assert.Equal(("a", "U8", "4", data + 24, 4L), (a.Name, a.DType, string.Join(',', a.Shape), a.Offset, a.Length)),
            b => Assert.Equal(("b", "F32", "2,3", data, 24L), (b.Name, b.DType, string.Join(',', b.Shape), b.Offset, b.Length)));
        Assert.Equal([new("format", "pt"), new("note", "ü")], file.Metadata.OrderBy(m => m.Key));
    }

    [Theory]
    [InlineData("{}", 0)]
    [InlineData("{}   ", 0)]
    [InlineData("""{"s":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}""", 8)]
    [InlineData("""{"e":{"dtype":"F32","shape":[3,0],"data_offsets":[0,0]},"f":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}""", 2)]
    [InlineData("""{"h":{"dtype":"F16","shape":[1],"data_offsets":[1,3]},"t":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}""", 3)]
    public void Scalars_empty_tensors_and_padded_headers_are_sound(string header, int dataBytes)
    {
        SafetensorsFile file = Read(SafetensorsBytes.File(header, dataBytes));
        Assert.Equal(dataBytes, file.Tensors.Sum(t => t.Length));
    }

    [Fact]
    public void Every_truncated_file_is_refused()
    {
        byte[] bytes = SafetensorsBytes.File(TwoTensors, 28);
        for (int length = 0; length < bytes.Length; length++)
        {
            AssertRefused(bytes[..length]);
        }

        AssertRefused([.. bytes, 0]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1_000)]
    [InlineData(1UL << 31)]
    [InlineData(1UL << 63)]
    [InlineData(ulong.MaxValue)]
    public void A_header_length_that_the_file_cannot_hold_is_refused(ulong claimed)
    {
        AssertRefused(SafetensorsBytes.File(claimed, Encoding.UTF8.GetBytes(TwoTensors), new byte[28]));
    }

    [Theory]
    [InlineData("no JSON", "{")]
    [InlineData("no JSON", "not json at all")]
    [InlineData("trailing comma", "{\"t\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},}")]
    [InlineData("comment", "{/**/\"t\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}")]
    [InlineData("leading space", " {\"t\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}")]
    [InlineData("array", "[{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}]")]
    [InlineData("null", "null")]
    [InlineData("entry is no object", "{\"t\":4}")]
    [InlineData("no type", "{\"t\":{\"shape\":[4],\"data_offsets\":[0,4]}}")]
    [InlineData("no shape", "{\"t\":{\"dtype\":\"U8\",\"data_offsets\":[0,4]}}")]
    [InlineData("no offsets", "{\"t\":{\"dtype\":\"U8\",\"shape\":[4]}}")]
    [InlineData("unknown type", "{\"t\":{\"dtype\":\"F8_E4M3\",\"shape\":[4],\"data_offsets\":[0,4]}}")]
    [InlineData("type is no string", "{\"t\":{\"dtype\":8,\"shape\":[4],\"data_offsets\":[0,4]}}")]
    [InlineData("type is null", "{\"t\":{\"dtype\":null,\"shape\":[4],\"data_offsets\":[0,4]}}")]
    [InlineData("negative dimension", "{\"t\":{\"dtype\":\"U8\",\"shape\":[-4],\"data_offsets\":[0,4]}}")]
    [InlineData("two negative dimensions", "{\"t\":{\"dtype\":\"U8\",\"shape\":[-2,-2],\"data_offsets\":[0,4]}}")]
    [InlineData("fractional dimension", "{\"t\":{\"dtype\":\"U8\",\"shape\":[4.5],\"data_offsets\":[0,4]}}")]
    [InlineData("dimension beyond 64 bits", "{\"t\":{\"dtype\":\"U8\",\"shape\":[18446744073709551620],\"data_offsets\":[0,4]}}")]
    [InlineData("product wraps to 4", "{\"t\":{\"dtype\":\"U8\",\"shape\":[4611686018427387905,4],\"data_offsets\":[0,4]}}")]
    [InlineData("bytes wrap to 0", "{\"t\":{\"dtype\":\"F64\",\"shape\":[2305843009213693952],\"data_offsets\":[0,0]},\"u\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}")]
    [InlineData("shape is no array", "{\"t\":{\"dtype\":\"U8\",\"shape\":4,\"data_offsets\":[0,4]}}")]
    [InlineData("nine dimensions", "{\"t\":{\"dtype\":\"U8\",\"shape\":[4,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}")]
    [InlineData("too few bytes", "{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}")]
    [InlineData("too many bytes", "{\"t\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,4]}}")]
    [InlineData("one offset", "{\"t\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0]}}")]
    [InlineData("three offsets", "{\"t\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4,4]}}")]
    [InlineData("negative offset", "{\"t\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[-4,0]}}")]
    [InlineData("offsets reversed", "{\"t\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,0]}}")]
    [InlineData("offset beyond the file", "{\"t\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}")]
    [InlineData("offset of 2^63 - 1", "{\"t\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[9223372036854775803,9223372036854775807]}}")]
    [InlineData("overlap", "{\"t\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},\"u\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,4]}}")]
    [InlineData("shared bytes", "{\"t\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},\"u\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}")]
    [InlineData("hole at the start", "{\"t\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[1,4]}}")]
    [InlineData("hole inside", "{\"t\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"u\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,4]}}")]
    [InlineData("bytes left over", "{\"t\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}}")]
    [InlineData("no tensor for the data", "{}")]
    [InlineData("name twice", "{\"t\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"t\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,4]}}")]
    [InlineData("name twice, once escaped", "{\"t\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"\\u0074\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,4]}}")]
    [InlineData("line feed in a name", "{\"t\\n\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}")]
    [InlineData("half a surrogate pair in a name", "{\"\\ud800\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}")]
    [InlineData("metadata is no object", "{\"__metadata__\":[],\"t\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}")]
    [InlineData("metadata is a number", "{\"__metadata__\":{\"a\":1},\"t\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}")]
    [InlineData("metadata is null", "{\"__metadata__\":{\"a\":null},\"t\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}")]
    [InlineData("metadata twice", "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"},\"t\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}")]
    public void A_damaged_header_of_four_data_bytes_is_refused(string damage, string header)
    {
        InvalidDataException error = AssertRefused(SafetensorsBytes.File(header, 4));
        Assert.False(string.IsNullOrWhiteSpace(error.Message), damage);
    }

    [Fact]
    public void A_deeply_nested_header_is_refused()
    {
        string nested = $"{{\"t\":{string.Concat(Enumerable.Repeat("[", 100_000))}{string.Concat(Enumerable.Repeat("]", 100_000))}}}";
        AssertRefused(SafetensorsBytes.File(nested, 0));
    }

    [Fact]
    public void Bytes_that_are_no_UTF8_are_refused()
    {
        byte[] header = [.. """{"t":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"""u8];
        header[2] = 0xff;
        AssertRefused(SafetensorsBytes.File(header, [1, 2, 3, 4]));
    }

    [Fact]
    public void Altered_bytes_give_a_sound_file_or_InvalidDataException()
    {
        byte[] sound = SafetensorsBytes.File(TwoTensors, 28);
        int refused = 0;
        Gen.Select(Gen.Int[0, sound.Length - 29], Gen.Byte).Array[1, 4].Sample(
            changes =>
            {
                byte[] bytes = [.. sound];
                foreach ((int position, byte value) in changes)
                {
                    bytes[position] = value;
                }

                try
                {
                    SafetensorsFile file = Read(bytes);
                    Assert.Equal(28, file.Tensors.Sum(t => t.Length));
                    Assert.Equal(64, file.Digest(new MemoryStream(bytes)).Length);
                }
                catch (InvalidDataException)
                {
                    Interlocked.Increment(ref refused);
                }
            },
            iter: 2_000);
        Assert.InRange(refused, 1_000, 2_000);
    }

    [Fact]
    public void The_digest_does_not_depend_on_the_order_of_tensors_or_on_metadata()
    {
        byte[] one = SafetensorsBytes.File(TwoTensors, 28);
        byte[] data = one[^28..];
        byte[] other = SafetensorsBytes.File(
            [.. """{"a":{"shape":[4],"dtype":"U8","data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2,3],"data_offsets":[4,28]}}"""u8],
            [.. data[24..], .. data[..24]]);
        Assert.Equal(Digest(one), Digest(other));
        byte[] hashed = [.. "a\nU8\n4\n"u8, .. data[24..], .. "b\nF32\n2,3\n"u8, .. data[..24]];
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(hashed)), Digest(one));
    }

    [Theory]
    [InlineData("""{"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""")]
    [InlineData("""{"a":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}""")]
    public void The_digest_depends_on_names_types_and_shapes(string header)
    {
        string digest = Digest(SafetensorsBytes.File("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4));
        Assert.NotEqual(digest, Digest(SafetensorsBytes.File(header, 4)));
    }

    [Fact]
    public void The_digest_depends_on_every_data_byte()
    {
        byte[] bytes = SafetensorsBytes.File(TwoTensors, 28);
        string digest = Digest(bytes);
        for (int i = bytes.Length - 28; i < bytes.Length; i++)
        {
            bytes[i] ^= 1;
            Assert.NotEqual(digest, Digest(bytes));
            bytes[i] ^= 1;
        }
    }

    [Fact]
    public void A_file_on_disk_reads_as_its_bytes_do()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, SafetensorsBytes.File(TwoTensors, 28));
            Assert.Equal(["a", "b"], SafetensorsFile.Open(path).Tensors.Select(t => t.Name));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static SafetensorsFile Read(byte[] bytes) => SafetensorsFile.Read(new MemoryStream(bytes));

    private static string Digest(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        return SafetensorsFile.Read(stream).Digest(stream);
    }

    private static InvalidDataException AssertRefused(byte[] bytes) => Assert.Throws<InvalidDataException>(() => Read(bytes));
}
