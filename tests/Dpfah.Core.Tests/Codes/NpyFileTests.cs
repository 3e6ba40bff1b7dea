using System.Text;
using CsCheck;
using Dpfah.Core.Codes;

namespace Dpfah.Core.Tests.Codes;

public class NpyFileTests
{
    // numpy.save of numpy.array([[1, -2, 3], [4, 5, -6]], dtype='<i2').
    private const string Written = "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }";

    [Fact]
    public void Every_type_comes_back_as_it_was_written()
    {
        AssertRoundTrip<bool>("b1", [true, false, true], v => v ? 1 : 0);
        AssertRoundTrip<byte>("u1", [0, 1, 255], v => v);
        AssertRoundTrip<sbyte>("i1", [-128, 0, 127], v => v);
        AssertRoundTrip<short>("i2", [short.MinValue, 0, short.MaxValue], v => v);
        AssertRoundTrip<int>("i4", [int.MinValue, 0, int.MaxValue], v => v);
        AssertRoundTrip<long>("i8", [-(1L << 53), 0, 1L << 53], v => v);
        AssertRoundTrip<float>("f4", [-1.5f, float.Epsilon, float.NaN], v => v);
        AssertRoundTrip<double>("f8", [-1.5, double.Epsilon, double.PositiveInfinity], v => v);
        Assert.Throws<ArgumentException>(() => NpyFile.Write<ushort>(new MemoryStream(), [1], 1));
    }

    [Fact]
    public void Shapes_and_headers_are_those_of_NumPy()
    {
        using var stream = new MemoryStream();
        NpyFile.Write<short>(stream, [1, -2, 3, 4, 5, -6], 2, 3);
        byte[] bytes = stream.ToArray();
        byte[] expected = File(1, Written.PadRight(117) + "\n", [1, 0, 254, 255, 3, 0, 4, 0, 5, 0, 250, 255]);
        Assert.Equal(expected, bytes);
        Assert.Equal(0, (bytes.Length - 12) % 64);

        NpyFile file = Read(bytes);
        Assert.Equal([2, 3], file.Shape);
        Assert.Equal([1, -2, 3, 4, 5, -6], Enumerable.Range(0, 6).Select(file.Value));
        Assert.Throws<ArgumentException>(() => NpyFile.Write<short>(new MemoryStream(), [1], 2, 3));
        Assert.Throws<ArgumentException>(() => NpyFile.Write<short>(new MemoryStream(), [1], 1, 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => NpyFile.Write<short>(new MemoryStream(), [1], -1, -1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_version_is_read(int version)
    {
        NpyFile file = Read(File(version, Written + "\n", new byte[12]));
        Assert.Equal(("i2", 2, 3), (file.Type, file.Shape[0], file.Shape[1]));
    }

    [Fact]
    public void An_array_may_be_empty_and_its_entries_in_any_order()
    {
        Assert.Equal([0, 3], Read(File(1, "{'shape':(0,3),'fortran_order':False,'descr':'|b1'}", [])).Shape);
        Assert.Equal([4], Read(File(1, "{'shape': (4,), 'fortran_order': False, 'descr': '|u1'}", new byte[4])).Shape);
    }

    [Theory]
    [InlineData("Fortran order; save numpy.ascontiguousarray", "{'descr': '|u1', 'fortran_order': True, 'shape': (4,), }")]
    [InlineData("The element type '>f4' is not read", "{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }")]
    [InlineData("The element type '<c8' is not read", "{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }")]
    [InlineData("The element type '|O' is not read", "{'descr': '|O', 'fortran_order': False, 'shape': (4,), }")]
    [InlineData("The element type '|f4' is not read", "{'descr': '|f4', 'fortran_order': False, 'shape': (1,), }")]
    [InlineData("The element type '' is not read", "{'descr': '', 'fortran_order': False, 'shape': (4,), }")]
    [InlineData("none of an array of numbers", "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }")]
    [InlineData("none of an array of numbers", "{'descr': '|u1', 'fortran_order': False, 'shape': (4,), } import os")]
    [InlineData("none of an array of numbers", "{'descr': '|u1', 'fortran_order': False, 'shape': (-4,), }")]
    [InlineData("none of an array of numbers", "")]
    [InlineData("0 dimensions", "{'descr': '<f4', 'fortran_order': False, 'shape': (), }")]
    [InlineData("3 dimensions", "{'descr': '|u1', 'fortran_order': False, 'shape': (4, 1, 1), }")]
    [InlineData("The shape (99999999999,) of the array is damaged, or too large", "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999,), }")]
    [InlineData("The shape (4 4) of the array is damaged, or too large", "{'descr': '|u1', 'fortran_order': False, 'shape': (4 4), }")]
    [InlineData("more than 2 GiB", "{'descr': '<f8', 'fortran_order': False, 'shape': (2147483647, 2147483647), }")]
    [InlineData("ends before its last element", "{'descr': '|u1', 'fortran_order': False, 'shape': (2147483000,), }")]
    [InlineData("ends before its last element", "{'descr': '|u1', 'fortran_order': False, 'shape': (5,), }")]
    [InlineData("goes on after its last element", "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }")]
    [InlineData("not just the entries", "{'descr': '|u1', 'fortran_order': False, }")]
    [InlineData("not just the entries", "{'descr': '|u1', 'fortran_order': False, 'shape': (4,), 'more': True, }")]
    [InlineData("names 'shape' twice", "{'descr': '|u1', 'shape': (4,), 'fortran_order': False, 'shape': (4,), }")]
    public void A_header_that_does_not_fit_four_bytes_is_refused(string message, string header) => Refused(message, File(1, header, new byte[4]));

    [Fact]
    public void Other_files_and_broken_ones_are_refused()
    {
        byte[] sound = File(1, Written, new byte[12]);
        Refused("This is no .npy file", []);
        Refused("This is no .npy file", "PK\u0003\u0004 an archive"u8.ToArray());
        Refused("The .npy version is 4.0", [.. sound[..6], 4, 0, .. sound[8..]]);
        Refused("The .npy version is 1.1", [.. sound[..6], 1, 1, .. sound[8..]]);
        Refused("ends inside its header", sound[..9]);
        Refused("ends inside its header", sound[..40]);
        Refused("claims 4294967295 bytes", [.. sound[..6], 2, 0, 255, 255, 255, 255, .. sound[12..]]);
        Refused("none of an array of numbers", File(1, new string(' ', 65_000), []));
        Refused("none of an array of numbers", File(1, "{" + new string('\'', 65_000), []));
        Refused("names 'a' twice", File(1, "{" + string.Concat(Enumerable.Repeat("'a':True,", 7_000)) + "}", []));
    }

    [Fact]
    public void Altered_bytes_give_an_array_or_InvalidDataException()
    {
        byte[] sound = File(1, Written + "\n", new byte[12]);
        Gen.Select(Gen.Int[0, sound.Length - 13], Gen.Byte).Array[1, 3].Sample(
            changes =>
            {
                byte[] bytes = [.. sound];
                foreach ((int position, byte value) in changes)
                {
                    bytes[position] = value;
                }

                try
                {
                    Assert.InRange(Read(bytes).Shape.Aggregate((a, b) => a * b), 0, 12);
                }
                catch (InvalidDataException error)
                {
                    Assert.NotEmpty(error.Message);
                }
            },
            iter: 5_000);
    }

    internal static byte[] Bytes<T>(T[] values, params int[] shape)
        where T : unmanaged
    {
        using var stream = new MemoryStream();
        NpyFile.Write<T>(stream, values, shape);
        return stream.ToArray();
    }

    private static void AssertRoundTrip<T>(string type, T[] values, Func<T, double> number)
        where T : unmanaged
    {
        NpyFile file = Read(Bytes(values, values.Length));
        Assert.Equal(type, file.Type);
        Assert.Equal([values.Length], file.Shape);
        Assert.Equal(values.Select(number), Enumerable.Range(0, values.Length).Select(file.Value));
    }

    private static byte[] File(int version, string header, byte[] data)
    {
        byte[] length = version == 1 ? BitConverter.GetBytes((ushort)header.Length) : BitConverter.GetBytes(header.Length);
        return [0x93, .. "NUMPY"u8, (byte)version, 0, .. length, .. Encoding.Latin1.GetBytes(header), .. data];
    }

    private static NpyFile Read(byte[] bytes) => NpyFile.Read(new MemoryStream(bytes));

    private static void Refused(string message, byte[] bytes) =>
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => Read(bytes)).Message, StringComparison.Ordinal);
}
