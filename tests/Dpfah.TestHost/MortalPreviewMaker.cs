using System.Diagnostics;
using Dpfah.Core.Imaging;

namespace Dpfah.TestHost;

/// <summary>Makes previews, and ends the process at pictures with certain bytes, as a fault in a native decoder would.</summary>
/// <param name="maker">Makes the previews.</param>
internal sealed class MortalPreviewMaker(IPreviewMaker maker) : IPreviewMaker
{
    /// <summary>Environment variable that makes these pictures deadly.</summary>
    public const string Variable = "DPFAH_TEST_DEADLY";

    private static readonly bool IsMortal = Environment.GetEnvironmentVariable(Variable) == "1";

    /// <summary>How the bytes of a deadly picture end.</summary>
    public static ReadOnlySpan<byte> Sting => "DEADLY"u8;

    public string Decoder => maker.Decoder;

    public PreviewResult Make(ReadOnlyMemory<byte> imageBytes)
    {
        if (IsMortal && imageBytes.Span.EndsWith(Sting))
        {
            Process.GetCurrentProcess().Kill();
            Thread.Sleep(Timeout.Infinite);
        }

        return maker.Make(imageBytes);
    }

    public PreviewResult Adopt(byte[] jpeg, string decoder) => maker.Adopt(jpeg, decoder);
}
