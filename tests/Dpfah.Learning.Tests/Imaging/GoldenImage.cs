using System.Text.Json;
using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Tests.Imaging;

/// <summary>Reads the cases of golden/image.json.</summary>
internal static class GoldenImage
{
    public static RgbImage Source(JsonElement golden) =>
        new(golden.GetProperty("width").GetInt32(), golden.GetProperty("height").GetInt32(), Bytes(golden.GetProperty("pixels_hwc")));

    public static byte[] Bytes(JsonElement array) => array.EnumerateArray().Select(value => value.GetByte()).ToArray();

    public static float[] Floats(JsonElement array) => array.EnumerateArray().Select(value => value.GetSingle()).ToArray();
}
