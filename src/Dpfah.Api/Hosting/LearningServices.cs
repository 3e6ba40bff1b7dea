namespace Dpfah.Api.Hosting;

/// <summary>Registers the network behind the seam between pictures and codes.</summary>
internal static class LearningServices
{
    public static void AddDpfahEncoding(IServiceCollection services, ServiceOptions options) => throw new InvalidOperationException("pending");
}
