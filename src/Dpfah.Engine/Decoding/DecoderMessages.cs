using System.Buffers.Binary;
using System.Text;
using Dpfah.Core.Imaging;

namespace Dpfah.Engine.Decoding;

/// <summary>What a service and the processes that decode for it tell each other: pieces of bytes, each behind its length.</summary>
/// <remarks>
/// A process greets by the name of its decoder. Then it gets a picture (a piece for the decoder of an adopted preview, empty for
/// a picture; a piece for the file) and answers, again and again: a kind, two numbers, and two pieces (decoder and JPEG of the
/// preview, with its size as the numbers; or nothing and a sentence, with the reason as the first number). Numbers are 32-bit, little-endian.
/// </remarks>
internal static class DecoderMessages
{
    /// <summary>Most bytes of a picture: more than any door lets in.</summary>
    private const int MaxPictureBytes = 1 << 30;

    /// <summary>Most bytes of an answer's piece: several times the largest preview.</summary>
    private const int MaxAnswerBytes = 8 << 20;

    private const int MaxNameBytes = 1 << 12;

    /// <summary>Up to so many bytes are copied behind what announces them; what a pipe holds at once.</summary>
    private const int MaxTogether = 64 << 10;

    private const int Accepted = 1;
    private const int Rejected = 2;

    public static void WriteGreeting(Stream stream, string decoder)
    {
        byte[] name = Encoding.UTF8.GetBytes(decoder);
        Send(stream, Number(name.Length), name);
    }

    public static string ReadGreeting(Stream stream) => ReadText(stream, MaxNameBytes);

    public static void WriteRequest(Stream stream, DecodeRequest request)
    {
        byte[] madeBy = Encoding.UTF8.GetBytes(request.MadeBy ?? "");
        Send(stream, [.. Number(madeBy.Length), .. madeBy, .. Number(request.Bytes.Length)], request.Bytes.Span);
    }

    /// <summary>Reads a request.</summary>
    /// <param name="stream">Where from.</param>
    /// <param name="buffer">Room for the picture, of which its bytes are a part; made larger where need be.</param>
    /// <exception cref="EndOfStreamException">There are no more.</exception>
    public static DecodeRequest ReadRequest(Stream stream, ref byte[] buffer)
    {
        string madeBy = ReadText(stream, MaxNameBytes);
        int length = ReadLength(stream, MaxPictureBytes);
        if (buffer.Length < length)
        {
            buffer = GC.AllocateUninitializedArray<byte>(length);
        }

        stream.ReadExactly(buffer, 0, length);
        return new DecodeRequest(buffer.AsMemory(0, length), madeBy.Length == 0 ? null : madeBy);
    }

    public static void WriteAnswer(Stream stream, PreviewResult result)
    {
        (int kind, int first, int second, string text, byte[] bytes) = result.Preview is { } preview
            ? (Accepted, preview.Width, preview.Height, preview.Decoder, preview.Jpeg)
            : (Rejected, (int)result.Rejection!.Value, 0, "", Encoding.UTF8.GetBytes(result.Detail));
        byte[] name = Encoding.UTF8.GetBytes(text);
        Send(stream, [.. Number(kind), .. Number(first), .. Number(second), .. Number(name.Length), .. name, .. Number(bytes.Length)], bytes);
    }

    /// <summary>Reads an answer. Its writer has read a stranger's bytes: whether its preview is one, the reader has to see.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    /// <exception cref="EndOfStreamException">The process has ended.</exception>
    public static PreviewResult ReadAnswer(Stream stream)
    {
        Span<byte> head = stackalloc byte[3 * sizeof(int)];
        stream.ReadExactly(head);
        int kind = BinaryPrimitives.ReadInt32LittleEndian(head);
        int first = BinaryPrimitives.ReadInt32LittleEndian(head[4..]);
        int second = BinaryPrimitives.ReadInt32LittleEndian(head[8..]);
        string text = ReadText(stream, MaxNameBytes);
        var bytes = new byte[ReadLength(stream, MaxAnswerBytes)];
        stream.ReadExactly(bytes);
        return kind switch
        {
            Accepted when first > 0 && second > 0 => PreviewResult.Accepted(new Preview(bytes, first, second, text)),
            Rejected when Enum.IsDefined((ImageRejection)first) => PreviewResult.Rejected((ImageRejection)first, Encoding.UTF8.GetString(bytes)),
            _ => throw new InvalidDataException($"The answer of a decoding process is none: kind {kind}, {first}, {second}."),
        };
    }

    private static string ReadText(Stream stream, int maxBytes)
    {
        var bytes = new byte[ReadLength(stream, maxBytes)];
        stream.ReadExactly(bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    private static int ReadLength(Stream stream, int max)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        stream.ReadExactly(bytes);
        int length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        return length >= 0 && length <= max ? length : throw new InvalidDataException($"A message of {length} bytes is none; at most {max} are.");
    }

    /// <summary>Sends a message at once where it is small: each writing may wake up its reader.</summary>
    private static void Send(Stream stream, ReadOnlySpan<byte> head, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length <= MaxTogether)
        {
            stream.Write([.. head, .. bytes]);
            return;
        }

        stream.Write(head);
        stream.Write(bytes);
    }

    private static byte[] Number(int value)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }
}
