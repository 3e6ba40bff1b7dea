namespace Dpfah.Learning.Tests.Imaging;

/// <summary>Progressive files out of the fixture of one.</summary>
internal static class ProgressiveJpeg
{
    /// <summary>All but the last scans: sound, with coefficients whose lowest bits nobody knows.</summary>
    public static byte[] WithoutLastScans(int count)
    {
        byte[] file = FixturePicture.Read("progressive.jpg");
        int end = file.Length;
        for (int i = 0; i < count; i++)
        {
            end = file.AsSpan(0, end).LastIndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]);
        }

        return [.. file[..end], 0xFF, 0xD9];
    }
}
