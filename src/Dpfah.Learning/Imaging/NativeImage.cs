using System.Runtime.InteropServices;

namespace Dpfah.Learning.Imaging;

/// <summary>A decoded picture in memory that a library's decoder writes into.</summary>
internal sealed unsafe class NativeImage : DecodedImage
{
    private byte* pixels;

    private NativeImage(int width, int height, bool isOpaque)
        : base(width, height, isOpaque) =>
        pixels = (byte*)(isOpaque
            ? NativeMemory.Alloc((nuint)width * (nuint)height, 4)
            : NativeMemory.AllocZeroed((nuint)width * (nuint)height, 4));

    /// <summary>4 bytes a pixel, row behind row.</summary>
    public IntPtr Pixels => (IntPtr)pixels;

    /// <summary>For a picture whose pixels are all written, or none is looked at: they are not cleared before, and have no alpha.</summary>
    public static NativeImage Opaque(int width, int height) => new(width, height, isOpaque: true);

    /// <summary>For a picture that may leave pixels out, and may have alpha.</summary>
    public static NativeImage Transparent(int width, int height) => new(width, height, isOpaque: false);

    public override void Dispose()
    {
        NativeMemory.Free(pixels);
        pixels = null;
    }

    private protected override ReadOnlySpan<byte> RgbaRow(int y) => new(pixels + (4L * Width * y), 4 * Width);
}
