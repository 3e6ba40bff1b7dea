using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Dpfah.Core.Models;

namespace Dpfah.Core.Tests.Models;

/// <summary>
/// Damaged safetensors headers: wrong lengths, overlaps, types, numbers beyond 64 bits, names twice, deep and long JSON, bytes that are
/// no UTF-8. Each is read as a sound file or refused by the exception that is documented, and neither takes more memory than the file
/// is long.
/// </summary>
public partial class SafetensorsFuzzTests
{
    // Bytes that a header of that many bytes may make the reader allocate.
    private const int AllocatedPerByte = 64;
    private const int AllocatedAnyway = 64 << 10;

    private static readonly string[] Numbers =
    [
        "0", "1", "-1", "2", "4", "7", "-0", "4294967295", "4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "18446744073709551615", "18446744073709551616", "4611686018427387904", "2305843009213693952", "1e2", "1.5", "1e400", "0.0", "\"4\"", "null", "[]", "{}", "true", "",
    ];

    private static readonly string[] Words =
        ["F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL", "F8_E4M3", "", "f32", "dtype", "shape", "data_offsets", "__metadata__", "\\u0074", "\\ud800", "a\\n"];

    [Fact]
    [Trait(LongForm.Trait, "safetensors")]
    public void Damaged_headers_are_read_or_refused_and_take_no_more_memory_than_their_file()
    {
        int count = LongForm.Choose(20_000, 1_000_000), seed = LongForm.Seed(), sound = 0;
        (byte[] Header, int Data)[] corpus = [Two(), Many()];
        double most = 0;
        for (int i = 0; i < count; i++)
        {
            int number = unchecked((seed * 1_000_003) + i);
            var random = new Random(number);
            (byte[] header, int data) = corpus[random.Next(corpus.Length)];
            byte[] file = Damage(random, header, data);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using var stream = new MemoryStream(file);
                SafetensorsFile read = SafetensorsFile.Read(stream);

                long dataStart = 8 + (long)BinaryPrimitives.ReadUInt64LittleEndian(file);
                Assert.Equal(file.Length - dataStart, read.Tensors.Sum(tensor => tensor.Length));
                Assert.Equal(64, read.Digest(stream).Length);
                sound++;
            }
            catch (InvalidDataException error)
            {
                Assert.False(string.IsNullOrWhiteSpace(error.Message));
            }
            catch (Exception error) when (error is not Xunit.Sdk.IAssertionException)
            {
                throw new InvalidOperationException($"File {number} is not refused, but ends in an error.", error);
            }

            // The digest has a buffer of its own.
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before - (128 << 10);
            Assert.True(allocated < (AllocatedPerByte * (long)file.Length) + AllocatedAnyway, $"File {number} of {file.Length} bytes took {allocated} bytes.");
            most = Math.Max(most, (double)allocated / file.Length);
        }

        Assert.InRange(sound, count / 100, count);
        LongForm.Record("damaged safetensors", string.Create(CultureInfo.InvariantCulture, $"{sound:N0} of {count:N0} damaged files are sound, the others refused; at most {Math.Max(0, most):0.0} bytes allocated a byte of file beside 128 KiB; seed {seed}"));
        Counts.Report("damaged-safetensors", count, count);
    }

    /// <summary>Two tensors and metadata.</summary>
    private static (byte[] Header, int Data) Two() =>
        (Encoding.UTF8.GetBytes("""{"b":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"__metadata__":{"format":"pt","note":"ü"},"a":{"dtype":"U8","shape":[4],"data_offsets":[24,28]}}"""), 28);

    /// <summary>Names, types and dimensions as a network has them, small.</summary>
    private static (byte[] Header, int Data) Many()
    {
        var json = new StringBuilder("{\"__metadata__\":{\"dpfah\":\"{\\\"name\\\":\\\"m\\\",\\\"bits\\\":64}\"}");
        int position = 0;
        for (int layer = 0; layer < 8; layer++)
        {
            foreach ((string part, string type, int size, string shape, int length) in (ReadOnlySpan<(string, string, int, string, int)>)[
                ("conv.weight", "F32", 4, "2,1,3,1", 6), ("bn.bias", "F16", 2, "5", 5), ("bn.count", "I64", 8, "", 1)])
            {
                json.Append(CultureInfo.InvariantCulture, $",\"layer{layer}.{part}\":{{\"dtype\":\"{type}\",\"shape\":[{shape}],\"data_offsets\":[{position},{position + (size * length)}]}}");
                position += size * length;
            }
        }

        return (Encoding.UTF8.GetBytes(json.Append('}').ToString()), position);
    }

    private static byte[] Damage(Random random, byte[] header, int data)
    {
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            header = random.Next(9) switch
            {
                0 => Bytes(random, header),
                1 or 2 => Replace(random, header, Number, Numbers),
                3 => Replace(random, header, Word, [.. Words.Select(word => $"\"{word}\"")]),
                4 => TwoNumbers(random, header),
                5 => EntryTwice(random, header),
                6 => random.Next(20) == 0 ? Nest(random, header) : [.. header, .. Enumerable.Repeat((byte)' ', random.Next(8))],
                7 => header[..random.Next(header.Length + 1)],
                _ => Entry(random, header) is var (start, end) ? [.. header[..start], .. header[end..]] : header,
            };
        }

        // Mostly the prefix and the data fit the header, so that it is the header that is judged.
        int left = random.Next(6) == 0 ? random.Next(2 * data) : data;
        ulong claimed = random.Next(10) switch
        {
            0 => (ulong)random.NextInt64(),
            1 => ((ulong[])[0, 1, 2, (ulong)header.Length + 1, 16 << 20, (16 << 20) + 1, 1UL << 31, 1UL << 32, 1UL << 63, ulong.MaxValue, ulong.MaxValue - 7])[random.Next(11)],
            _ => (ulong)header.Length,
        };
        return SafetensorsBytes.File(claimed, header, new byte[left]);
    }

    private static byte[] Bytes(Random random, byte[] header)
    {
        byte[] changed = [.. header];
        for (int i = random.Next(1, 5); i > 0 && changed.Length > 0; i--)
        {
            changed[random.Next(changed.Length)] = (byte)random.Next(256);
        }

        return changed;
    }

    private static byte[] Replace(Random random, byte[] header, Regex pattern, string[] values)
    {
        string text = Encoding.Latin1.GetString(header);
        MatchCollection found = pattern.Matches(text);
        if (found.Count == 0)
        {
            return header;
        }

        Match one = found[random.Next(found.Count)];
        return Encoding.Latin1.GetBytes(string.Concat(text.AsSpan(0, one.Index), values[random.Next(values.Length)], text.AsSpan(one.Index + one.Length)));
    }

    /// <summary>Two numbers changed by the same amount: offsets that overlap or leave holes, and dimensions whose product stays.</summary>
    private static byte[] TwoNumbers(Random random, byte[] header)
    {
        string text = Encoding.Latin1.GetString(header);
        int step = random.Next(-8, 9), seen = 0, first = random.Next(Math.Max(1, Number.Count(text)));
        return Encoding.Latin1.GetBytes(Number.Replace(text, match => seen++ is var at && at >= first && at <= first + 1 && long.TryParse(match.Value, out long value)
            ? unchecked(value + step).ToString(CultureInfo.InvariantCulture)
            : match.Value));
    }

    private static byte[] EntryTwice(Random random, byte[] header) =>
        Entry(random, header) is var (start, end) ? [.. header[..end], (byte)',', .. header[start..]] : header;

    /// <summary>The place of an entry, from its name to its brace.</summary>
    private static (int Start, int End)? Entry(Random random, byte[] header)
    {
        MatchCollection found = WholeEntry.Matches(Encoding.Latin1.GetString(header));
        return found.Count == 0 || found[random.Next(found.Count)] is not { } one ? null : (one.Index, one.Index + one.Length);
    }

    private static byte[] Nest(Random random, byte[] header)
    {
        int depth = 1 << random.Next(1, 16);
        return Replace(random, header, Number, [new string('[', depth) + new string(']', depth), string.Concat(Enumerable.Repeat("{\"a\":", depth))]);
    }

    [GeneratedRegex("-?[0-9]+")]
    private static partial Regex Number { get; }

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Word { get; }

    [GeneratedRegex("\"[^\"]*\":\\{[^{}]*\\}")]
    private static partial Regex WholeEntry { get; }
}
